// Who may do what: members with their roles, and the tokens of programs.
import { Button } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { sendJson } from '../api/request.js';
import { mayDo, useMe } from '../api/use-me.js';
import { useWords } from '../i18n/use-words.js';
import { Confirm } from '../parts/confirm.js';
import { Page } from '../parts/page.js';
import { ReadTable } from '../parts/read-table.js';
import { useColumns } from '../parts/use-columns.js';
import { useTenantNames } from '../parts/use-tenant.js';

interface Granted {
  readonly role: string;
  readonly tenantId: string | null;
}
interface MemberRow {
  readonly id: string;
  readonly name: string;
  readonly email: string | null;
  readonly issuer: string;
  readonly seenAt: string | null;
  readonly grants: readonly Granted[];
}
interface TokenRow {
  readonly id: string;
  readonly name: string;
  readonly last4: string;
  readonly createdBy: string;
  readonly expiresAt: string;
  readonly revokedAt: string | null;
  readonly usedAt: string | null;
  readonly grants: readonly Granted[];
}

/** The screen. */
export function Access() {
  const { t } = useWords();
  const me = useMe();
  return (
    <Page title={t('nav.access')}>
      {mayDo(me, 'members:read') ? <Members /> : null}
      {mayDo(me, 'tokens:read', 'any') ? <Tokens /> : null}
    </Page>
  );
}

function useRoles(): (grants: readonly Granted[]) => string {
  const nameOf = useTenantNames();
  return (grants) =>
    grants.map(({ role, tenantId }) => (tenantId === null ? role : `${role} (${nameOf(tenantId)})`)).join(', ');
}

function Members() {
  const c = useColumns();
  const rolesOf = useRoles();
  const columns = [
    c.text<MemberRow>('name', 'column.name', ({ name }) => name),
    c.text<MemberRow>('email', 'access.email', ({ email }) => email),
    c.text<MemberRow>('issuer', 'access.issuer', ({ issuer }) => issuer),
    c.text<MemberRow>('roles', 'access.roles', ({ grants }) => rolesOf(grants)),
    c.time<MemberRow>('seen', 'access.seen', ({ seenAt }) => seenAt),
  ];
  return (
    <ReadTable
      id="members"
      path="/members"
      caption="access.members"
      empty="access.noMembers"
      columns={columns}
      rows={(answer: { readonly members: readonly MemberRow[] }) => answer.members}
      rowKey={({ id }) => id}
    />
  );
}

function Tokens() {
  const { t } = useWords();
  const me = useMe();
  const c = useColumns();
  const queries = useQueryClient();
  const rolesOf = useRoles();
  const [ending, setEnding] = useState<TokenRow | null>(null);
  const end = async () => {
    await sendJson(`/tokens/${ending?.id ?? ''}/revoke`, {});
    await queries.invalidateQueries();
  };
  const columns = [
    c.text<TokenRow>('name', 'column.name', ({ name }) => name),
    c.text<TokenRow>('last4', 'access.last4', ({ last4 }) => `…${last4}`),
    c.text<TokenRow>('roles', 'access.roles', ({ grants }) => rolesOf(grants)),
    c.text<TokenRow>('by', 'column.actor', ({ createdBy }) => createdBy),
    c.time<TokenRow>('expires', 'access.expires', ({ expiresAt }) => expiresAt),
    c.time<TokenRow>('used', 'access.used', ({ usedAt }) => usedAt),
    c.shown<TokenRow>(
      'more',
      'column.more',
      ({ revokedAt }) => revokedAt,
      (row) =>
        row.revokedAt === null && mayDo(me, 'tokens:write', 'any') ? (
          <Button size="compact-xs" variant="default" onClick={() => setEnding(row)}>
            {t('access.revoke')}
          </Button>
        ) : (
          <span className="muted">{t('access.revoked')}</span>
        ),
    ),
  ];
  return (
    <>
      <ReadTable
        id="tokens"
        path="/tokens"
        caption="access.tokens"
        empty="access.noTokens"
        columns={columns}
        rows={(answer: { readonly tokens: readonly TokenRow[] }) => answer.tokens}
        rowKey={({ id }) => id}
      />
      {ending === null ? null : (
        <Confirm
          title={t('access.revoke')}
          what={t('access.revokeWords', { name: ending.name })}
          typed={null}
          act={end}
          close={() => setEnding(null)}
        />
      )}
    </>
  );
}
