// Every open session as it happens, and ending them.
import { Alert, Button, TextInput } from '@mantine/core';
import { useMemo, useState } from 'react';
import type { BoardSession } from '../../api/types.js';
import { useMe } from '../../api/use-me.js';
import { useWords } from '../../i18n/use-words.js';
import { csvOf } from '../../parts/csv.js';
import { saveFile } from '../../parts/data-table.js';
import { Page } from '../../parts/page.js';
import { rowMatches, sortedBy } from '../../parts/sort-rows.js';
import { Empty, Loading } from '../../parts/states.js';
import { useQueryParam } from '../../parts/use-query-param.js';
import { EndSessions } from './end-sessions.js';
import { LIVE_COLUMNS, valueOf } from './live-columns.js';
import { LiveRows } from './live-rows.js';
import { useFeed, type Feed } from './use-feed.js';

/** The screen. */
export function Live() {
  const { t, count } = useWords();
  const me = useMe();
  const [paused, setPaused] = useState(false);
  const [ending, setEnding] = useState<BoardSession | null>(null);
  const [order, setOrder] = useQueryParam('sort', '-openedAt');
  const [typed, setTyped] = useQueryParam('q');
  const feed = useFeed(paused);
  const seen = useSeen(feed, typed, order);
  const about = aboutOf(feed, t, count);
  const save = () =>
    saveFile(
      'sessions.csv',
      csvOf(
        LIVE_COLUMNS.map(({ key }) => key),
        seen.map((one) => LIVE_COLUMNS.map(({ key }) => valueOf(one, key))),
      ),
    );
  const actions = (
    <>
      <TextInput
        size="xs"
        aria-label={t('table.filter')}
        placeholder={t('table.filter')}
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
      />
      <Button size="compact-sm" variant="default" onClick={save} disabled={seen.length === 0}>
        {t('table.export')}
      </Button>
      <Button size="compact-sm" variant="default" aria-pressed={paused} onClick={() => setPaused(!paused)}>
        {paused ? t('live.resume') : t('live.pause')}
      </Button>
    </>
  );
  return (
    <Page title={t('live.title')} about={about} actions={actions}>
      <FeedState feed={feed} />
      {feed.board === null ? (
        feed.state === 'refused' ? null : (
          <Loading />
        )
      ) : seen.length === 0 ? (
        <Empty>{feed.board.sessions.size === 0 ? t('live.none') : t('table.none')}</Empty>
      ) : (
        <LiveRows sessions={seen} order={order} setOrder={setOrder} me={me} end={setEnding} paused={paused} />
      )}
      {ending === null ? null : <EndSessions session={ending} close={() => setEnding(null)} />}
    </Page>
  );
}

function useSeen({ board }: Feed, typed: string, order: string): readonly BoardSession[] {
  return useMemo(() => {
    const all = board === null ? [] : [...board.sessions.values()];
    const cells = (one: BoardSession) => LIVE_COLUMNS.map(({ key }) => valueOf(one, key));
    return sortedBy(
      all.filter((one) => rowMatches(cells(one), typed)),
      order,
      valueOf,
    );
  }, [board, typed, order]);
}

type Speak = ReturnType<typeof useWords>;

function aboutOf({ board }: Feed, t: Speak['t'], count: Speak['count']): string {
  if (board === null) return t('live.connecting');
  const [open, shown] = [count(board.total), count(board.sessions.size)];
  return board.sessions.size < board.total ? t('live.cut', { open, shown }) : t('live.about', { open });
}

function FeedState({ feed }: { readonly feed: Feed }) {
  const { t } = useWords();
  if (feed.state === 'refused')
    return (
      <Alert color="red" role="alert">
        {t('live.refused', { why: feed.why })}
      </Alert>
    );
  if (feed.state !== 'stale') return null;
  return (
    <Alert color="yellow" role="status" mb="md">
      {t('live.stale', { time: feed.board?.at.slice(0, 19).replace('T', ' ') ?? '' })}
    </Alert>
  );
}
