// The price book: what is in force, and changes of it on their way through two people.
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

interface PriceRow {
  readonly id: string;
  readonly book: string;
  readonly model: string;
  readonly meter: string;
  readonly service_tier: string;
  readonly unit: string;
  readonly price: string;
  readonly per: string;
  readonly effective_from: string;
  readonly source: string;
}
interface ChangeRow {
  readonly id: string;
  readonly state: string;
  readonly author: string;
  readonly authored_at: string;
  readonly reason: string;
  readonly decision: { readonly actor: string } | null;
}

/** The screen. */
export function Prices() {
  const { t } = useWords();
  const c = useColumns();
  const columns = [
    c.text<PriceRow>('book', 'prices.book', ({ book }) => book),
    c.text<PriceRow>('model', 'column.model', ({ model }) => model),
    c.text<PriceRow>('meter', 'overview.meter', ({ meter }) => meter),
    c.text<PriceRow>('tier', 'prices.tier', ({ service_tier: tier }) => tier),
    c.money<PriceRow>('price', 'prices.price', ({ price }) => price),
    c.number<PriceRow>('per', 'prices.per', ({ per, unit }) => `${per} ${unit}`),
    c.time<PriceRow>('from', 'prices.from', ({ effective_from: from }) => from),
  ];
  return (
    <Page title={t('nav.prices')}>
      <Changes />
      <ReadTable
        id="prices"
        path="/prices"
        caption="prices.inForce"
        empty="prices.none"
        columns={columns}
        rows={(answer: { readonly prices: readonly PriceRow[] }) => answer.prices}
        rowKey={({ id }) => id}
      />
    </Page>
  );
}

function Changes() {
  const { t } = useWords();
  const me = useMe();
  const c = useColumns();
  const queries = useQueryClient();
  const [asked, setAsked] = useState<{ readonly id: string; readonly step: 'approve' | 'reject' } | null>(null);
  const take = async () => {
    if (asked === null) return;
    await sendJson(`/prices/changes/${asked.id}/${asked.step}`, { reason: t(`prices.${asked.step}`) });
    await queries.invalidateQueries();
  };
  const button = (id: string, step: 'approve' | 'reject', permission: string) =>
    mayDo(me, permission) ? (
      <Button size="compact-xs" variant="default" mr={4} onClick={() => setAsked({ id, step })}>
        {t(`prices.${step}`)}
      </Button>
    ) : null;
  const columns = [
    c.time<ChangeRow>('at', 'column.created', (row) => row.authored_at),
    c.text<ChangeRow>('state', 'column.state', ({ state }) => state),
    c.text<ChangeRow>('author', 'column.actor', ({ author }) => author),
    c.text<ChangeRow>('reason', 'column.reason', ({ reason }) => reason),
    c.text<ChangeRow>('decided', 'prices.decidedBy', ({ decision }) => decision?.actor ?? null),
    c.shown<ChangeRow>(
      'more',
      'column.more',
      () => null,
      ({ id, state }) =>
        state === 'draft' ? (
          <>
            {button(id, 'approve', 'prices:approve')}
            {button(id, 'reject', 'prices:write')}
          </>
        ) : null,
    ),
  ];
  return (
    <>
      <ReadTable
        id="changes"
        path="/prices/changes"
        caption="prices.changes"
        empty="prices.noChanges"
        columns={columns}
        rows={(answer: { readonly changes: readonly ChangeRow[] }) => answer.changes}
        rowKey={({ id }) => id}
      />
      {asked === null ? null : (
        <Confirm
          title={t(`prices.${asked.step}`)}
          what={t('prices.words', { id: asked.id })}
          typed={null}
          act={take}
          close={() => setAsked(null)}
        />
      )}
    </>
  );
}
