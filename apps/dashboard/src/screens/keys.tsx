// The keys of a tenant: made and shown once, rotated with an overlap, suspended, resumed, ended with their live sessions.
import { Button, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { sendJson } from '../api/request.js';
import { mayDo, useMe } from '../api/use-me.js';
import { useWords } from '../i18n/use-words.js';
import { Confirm } from '../parts/confirm.js';
import type { Column } from '../parts/data-table.js';
import { Page } from '../parts/page.js';
import { ReadTable } from '../parts/read-table.js';
import { wordsOf } from '../parts/states.js';
import { useColumns } from '../parts/use-columns.js';
import { TenantSelect, useTenant } from '../parts/use-tenant.js';
import { NewSecret } from './new-secret.js';

interface KeyRow {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly prefix: string;
  readonly last4: string;
  readonly sessionsMax: number | null;
  readonly scopes: readonly string[];
  readonly createdAt: string;
  readonly expiresAt: string | null;
}
type Verb = 'rotate' | 'suspend' | 'resume' | 'revoke';
interface Asked {
  readonly row: KeyRow;
  readonly verb: Verb;
}

// A day in which the apps of a rotated key are told the new one.
const OVERLAP_MS = 86_400_000;
const LISTED = 'limit=200';

/** The screen. */
export function Keys() {
  const { t } = useWords();
  const queries = useQueryClient();
  const [tenant] = useTenant(true);
  const [asked, setAsked] = useState<Asked | null>(null);
  const [secret, setSecret] = useState<string | null>(null);
  const columns = useKeyColumns(setAsked);
  const changed = async (answer: { readonly secret?: string }) => {
    if (answer.secret !== undefined) setSecret(answer.secret);
    await queries.invalidateQueries();
  };
  const act = async () => {
    if (asked === null) return;
    const body = asked.verb === 'rotate' ? { overlapMs: OVERLAP_MS } : {};
    await changed(await sendJson(`/tenants/${tenant}/keys/${asked.row.id}/${asked.verb}`, body));
  };
  return (
    <Page title={t('nav.keys')}>
      <div className="filters">
        <TenantSelect needed />
        {tenant === '' ? null : <NewKey tenant={tenant} made={(answer) => void changed(answer)} />}
      </div>
      {secret === null ? null : <NewSecret secret={secret} kept={() => setSecret(null)} />}
      {tenant === '' ? null : (
        <ReadTable
          id="keys"
          path={`/tenants/${tenant}/keys?${LISTED}`}
          caption="nav.keys"
          empty="keys.none"
          columns={columns}
          rows={(answer: { readonly keys: readonly KeyRow[] }) => answer.keys}
          rowKey={({ id }) => id}
        />
      )}
      {asked === null ? null : (
        <Confirm
          title={t(`keys.${asked.verb}`)}
          what={t(`keys.${asked.verb}.words`, { name: asked.row.name })}
          typed={asked.verb === 'revoke' ? asked.row.name : null}
          act={act}
          close={() => setAsked(null)}
        />
      )}
    </Page>
  );
}

function useKeyColumns(ask: (asked: Asked) => void): readonly Column<KeyRow>[] {
  const { t } = useWords();
  const me = useMe();
  const c = useColumns();
  const verbsOf = ({ status }: KeyRow): readonly Verb[] => {
    if (status === 'active') return ['rotate', 'suspend', 'revoke'];
    return status === 'suspended' ? ['resume', 'revoke'] : [];
  };
  return [
    c.text('name', 'column.name', ({ name }) => name),
    c.text('key', 'column.key', ({ prefix, last4 }) => `${prefix}…${last4}`),
    c.text('status', 'column.state', ({ status }) => status),
    c.number('sessionsMax', 'tenants.sessionsMax', ({ sessionsMax }) => sessionsMax),
    c.text('scopes', 'keys.scopes', ({ scopes }) => scopes.join(', ')),
    c.time('createdAt', 'column.created', ({ createdAt }) => createdAt),
    c.time('expiresAt', 'access.expires', ({ expiresAt }) => expiresAt),
    c.shown(
      'more',
      'column.more',
      () => null,
      (row) =>
        mayDo(me, 'keys:write', 'any')
          ? verbsOf(row).map((verb) => (
              <Button key={verb} size="compact-xs" variant="default" mr={4} onClick={() => ask({ row, verb })}>
                {t(`keys.${verb}`)}
              </Button>
            ))
          : null,
    ),
  ];
}

interface NewKeyProps {
  readonly tenant: string;
  readonly made: (answer: { readonly secret: string }) => void;
}

function NewKey({ tenant, made }: NewKeyProps) {
  const { t } = useWords();
  const me = useMe();
  const [name, setName] = useState('');
  const [error, setError] = useState('');
  if (!mayDo(me, 'keys:write', 'any')) return null;
  const make = async () => {
    setError('');
    try {
      made(await sendJson(`/tenants/${tenant}/keys`, { name }));
      setName('');
    } catch (failure) {
      setError(failure instanceof Error ? wordsOf(failure, t('state.offline')) : String(failure));
    }
  };
  return (
    <>
      <TextInput
        size="xs"
        label={t('keys.newName')}
        value={name}
        error={error || undefined}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <Button size="xs" disabled={name.trim() === ''} onClick={() => void make()}>
        {t('keys.create')}
      </Button>
    </>
  );
}
