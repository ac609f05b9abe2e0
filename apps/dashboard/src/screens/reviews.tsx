// What moderation found and a person has to look at, and what they make of it. Says no word of any caller.
import { Button, NativeSelect } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { sendJson, withQuery } from '../api/request.js';
import { mayDo, useMe } from '../api/use-me.js';
import { useWords } from '../i18n/use-words.js';
import { Confirm } from '../parts/confirm.js';
import type { Column } from '../parts/data-table.js';
import { Page } from '../parts/page.js';
import { ReadTable } from '../parts/read-table.js';
import { useColumns } from '../parts/use-columns.js';
import { useQueryParam } from '../parts/use-query-param.js';
import { TenantSelect, useTenant } from '../parts/use-tenant.js';

interface ItemRow {
  readonly id: string;
  readonly state: string;
  readonly decision: string | null;
  readonly assignee: string | null;
  readonly direction: string | null;
  readonly opened_at: string;
  readonly session_id: string;
  readonly content_kind: string | null;
  readonly categories: readonly string[];
  readonly actions: readonly string[];
}

interface Asked {
  readonly id: string;
  readonly decision: (typeof DECISIONS)[number];
}

const DECISIONS = ['uphold', 'dismiss', 'escalate'] as const;

/** The screen. */
export function Reviews() {
  const { t } = useWords();
  const queries = useQueryClient();
  const [tenant] = useTenant(true);
  const [state, setState] = useQueryParam('state');
  const [asked, setAsked] = useState<Asked | null>(null);
  const decide = async () => {
    if (asked === null) return;
    await sendJson(`/moderation/${tenant}/items/${asked.id}/decide`, { decision: asked.decision });
    await queries.invalidateQueries();
  };
  const columns = useItemColumns(setAsked);
  return (
    <Page title={t('nav.reviews')}>
      <div className="filters">
        <TenantSelect needed />
        <NativeSelect
          size="xs"
          label={t('column.state')}
          value={state}
          data={[{ value: '', label: t('reviews.waiting') }, 'open', 'assigned', 'decided']}
          onChange={(event) => setState(event.currentTarget.value)}
        />
      </div>
      {tenant === '' ? null : (
        <ReadTable
          id="reviews"
          path={withQuery(`/moderation/${tenant}/items`, { state })}
          caption="nav.reviews"
          empty="reviews.none"
          columns={columns}
          rows={(answer: { readonly items: readonly ItemRow[] }) => answer.items}
          rowKey={({ id }) => id}
        />
      )}
      {asked === null ? null : (
        <Confirm
          title={t(`reviews.${asked.decision}`)}
          what={t('reviews.words', { id: asked.id })}
          typed={null}
          act={decide}
          close={() => setAsked(null)}
        />
      )}
    </Page>
  );
}

function useItemColumns(ask: (asked: Asked) => void): readonly Column<ItemRow>[] {
  const { t } = useWords();
  const me = useMe();
  const c = useColumns();
  return [
    c.time<ItemRow>('opened', 'column.created', (row) => row.opened_at),
    c.text<ItemRow>('state', 'column.state', (row) => [row.state, row.decision].filter(Boolean).join(': ')),
    c.text<ItemRow>('categories', 'reviews.categories', ({ categories }) => categories.join(', ')),
    c.text<ItemRow>('actions', 'reviews.actions', ({ actions }) => actions.join(', ')),
    c.text<ItemRow>('direction', 'reviews.direction', ({ direction }) => direction),
    c.text<ItemRow>('assignee', 'reviews.assignee', ({ assignee }) => assignee),
    c.text<ItemRow>('session', 'live.session', (row) => row.session_id),
    c.shown<ItemRow>(
      'more',
      'column.more',
      () => null,
      ({ id, decision }) =>
        decision === null && mayDo(me, 'reviews:write', 'any')
          ? DECISIONS.map((each) => (
              <Button key={each} size="compact-xs" variant="default" mr={4} onClick={() => ask({ id, decision: each })}>
                {t(`reviews.${each}`)}
              </Button>
            ))
          : null,
    ),
  ];
}
