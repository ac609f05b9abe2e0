// Messages to channels: what waits, what arrived, and dead letters, which can be sent again.
import { Button, NativeSelect } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { sendJson, withQuery } from '../../api/request.js';
import { mayDo, useMe } from '../../api/use-me.js';
import { useWords } from '../../i18n/use-words.js';
import { Confirm } from '../../parts/confirm.js';
import { ReadTable } from '../../parts/read-table.js';
import { useColumns } from '../../parts/use-columns.js';
import { useQueryParam } from '../../parts/use-query-param.js';

interface DeliveryRow {
  readonly id: string;
  readonly channel: string | null;
  readonly channelId: string;
  readonly event: 'fired' | 'repeated' | 'resolved' | 'test';
  readonly state: 'waiting' | 'sent' | 'dead';
  readonly attempts: number;
  readonly problem: string | null;
  readonly subject: string;
  readonly createdAt: string;
}

const EVERY_MS = 5_000;
const STATES = ['', 'dead', 'waiting', 'sent'] as const;

/** A tenant's own; without one, the company's. */
export function Deliveries({ tenant }: { readonly tenant: string }) {
  const { t } = useWords();
  const queries = useQueryClient();
  const [state, setState] = useQueryParam('deliveries.state');
  const [sending, setSending] = useState<DeliveryRow | null>(null);
  const columns = useDeliveryColumns(setSending);
  const again = async () => {
    await sendJson(withQuery(`/alerts/deliveries/${sending?.id ?? ''}/resend`, { tenant }), {});
    await queries.invalidateQueries();
  };
  return (
    <>
      <div className="filters">
        <NativeSelect
          size="xs"
          label={t('alerts.deliveries')}
          value={state}
          data={STATES.map((value) => ({
            value,
            label: t(value === '' ? 'alerts.state.all' : `alerts.state.${value}`),
          }))}
          onChange={(event) => setState(event.currentTarget.value)}
        />
      </div>
      <ReadTable
        id="deliveries"
        path={withQuery('/alerts/deliveries', { tenant, state, limit: '200' })}
        everyMs={EVERY_MS}
        caption="alerts.deliveries"
        empty="alerts.deliveries.none"
        columns={columns}
        rows={(answer: { readonly deliveries: readonly DeliveryRow[] }) => answer.deliveries}
        rowKey={({ id }) => id}
      />
      {sending === null ? null : (
        <Confirm
          title={t('alerts.resend')}
          what={t('alerts.resend.words', { name: sending.channel ?? sending.channelId })}
          typed={null}
          act={again}
          close={() => setSending(null)}
        />
      )}
    </>
  );
}

function useDeliveryColumns(send: (row: DeliveryRow) => void) {
  const { t } = useWords();
  const me = useMe();
  const c = useColumns();
  return [
    c.time<DeliveryRow>('createdAt', 'column.created', ({ createdAt }) => createdAt),
    c.text<DeliveryRow>('channel', 'alerts.channel', ({ channel, channelId }) => channel ?? channelId),
    c.text<DeliveryRow>('event', 'alerts.event', ({ event }) => t(`alerts.event.${event}`)),
    c.text<DeliveryRow>('subject', 'alerts.subject', ({ subject }) => subject),
    c.shown<DeliveryRow>(
      'state',
      'column.state',
      ({ state }) => t(`alerts.state.${state}`),
      ({ state }) => <span className={state === 'dead' ? 'bad' : ''}>{t(`alerts.state.${state}`)}</span>,
    ),
    c.number<DeliveryRow>('attempts', 'alerts.attempts', ({ attempts }) => attempts),
    c.text<DeliveryRow>('problem', 'alerts.problem', ({ problem }) => problem),
    c.shown<DeliveryRow>(
      'more',
      'column.more',
      ({ id }) => id,
      (row) =>
        row.state === 'dead' && mayDo(me, 'alerts:write', 'any') ? (
          <Button size="compact-xs" variant="default" onClick={() => send(row)}>
            {t('alerts.resend')}
          </Button>
        ) : null,
    ),
  ];
}
