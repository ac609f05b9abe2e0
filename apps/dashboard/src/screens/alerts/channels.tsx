// Whom alerts are told to, each with a button that tries it. Channels are made by the command line or the API, which hand out
// their secret.
import { Button } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { sendJson, withQuery } from '../../api/request.js';
import { mayDo, useMe } from '../../api/use-me.js';
import { useWords } from '../../i18n/use-words.js';
import { ReadTable } from '../../parts/read-table.js';
import { wordsOf } from '../../parts/states.js';
import { useColumns } from '../../parts/use-columns.js';

interface ChannelRow {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly target: readonly string[];
  readonly enabled: boolean;
}

/** A tenant's own; without one, the company's. */
export function Channels({ tenant }: { readonly tenant: string }) {
  const { t } = useWords();
  const me = useMe();
  const c = useColumns();
  const queries = useQueryClient();
  const [said, setSaid] = useState('');
  const test = async ({ id, name }: ChannelRow) => {
    const tried = sendJson(withQuery(`/alerts/channels/${id}/test`, { tenant }), {});
    setSaid(
      await tried.then(
        () => t('alerts.tested', { name }),
        (error: Error) => wordsOf(error, t('state.offline')),
      ),
    );
    await queries.invalidateQueries();
  };
  const columns = [
    c.text<ChannelRow>('name', 'column.name', ({ name }) => name),
    c.text<ChannelRow>('kind', 'alerts.way', ({ kind }) => kind),
    c.text<ChannelRow>('target', 'alerts.target', ({ target }) => target.join(', ')),
    c.text<ChannelRow>('state', 'column.state', ({ enabled }) => t(enabled ? 'alerts.on' : 'alerts.off')),
    c.shown<ChannelRow>(
      'more',
      'column.more',
      () => null,
      (row) =>
        row.enabled && mayDo(me, 'alerts:write', 'any') ? (
          <Button size="compact-xs" variant="default" onClick={() => void test(row)}>
            {t('alerts.test')}
          </Button>
        ) : null,
    ),
  ];
  return (
    <>
      <ReadTable
        id="channels"
        path={withQuery('/alerts/channels', { tenant })}
        caption="alerts.channels"
        empty="alerts.channels.none"
        columns={columns}
        rows={(answer: { readonly channels: readonly ChannelRow[] }) => answer.channels}
        rowKey={({ id }) => id}
      />
      <p role="status">{said}</p>
    </>
  );
}
