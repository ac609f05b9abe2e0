// The rows of the live board, of which only those in sight exist: a thousand sessions scroll like ten. ARIA roles say what a
// table's elements would, since rows that are placed by hand cannot be one.
import { Button } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, useEffect, useRef, useState } from 'react';
import type { BoardSession, Me } from '../../api/types.js';
import { useWords } from '../../i18n/use-words.js';
import { shownAmount } from '../../parts/money.js';
import { ageOf } from './board-state.js';
import { LIVE_COLUMNS } from './live-columns.js';

const ROW_PX = 36;
const TICK_MS = 1_000;

interface LiveRowsProps {
  readonly sessions: readonly BoardSession[];
  readonly order: string;
  readonly setOrder: (order: string) => void;
  readonly me: Me;
  readonly end: (session: BoardSession) => void;
  readonly paused: boolean;
}

/** The rows, in the order given. */
export function LiveRows({ sessions, order, setOrder, me, end, paused }: LiveRowsProps) {
  const { t } = useWords();
  const box = useRef<HTMLDivElement>(null);
  const nowMs = useNow(paused);
  const rows = useVirtualizer({
    count: sessions.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_PX,
    overscan: 12,
    getItemKey: (index) => sessions[index]?.id ?? index,
  });
  return (
    <div
      className="live-rows scroll table"
      role="table"
      aria-label={t('live.title')}
      aria-rowcount={sessions.length + 1}
      tabIndex={0}
      ref={box}
    >
      <Head order={order} setOrder={setOrder} />
      <div role="rowgroup" className="live-body" style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map(({ key, index, start }) => {
          const session = sessions[index];
          if (session === undefined) return null;
          return (
            <div
              key={key}
              role="row"
              aria-rowindex={index + 2}
              className="live-row"
              style={{ transform: `translateY(${start}px)` }}
            >
              <Cells session={session} age={ageOf(session.openedAt, nowMs)} mayEnd={mayEnd(me, session)} end={end} />
            </div>
          );
        })}
      </div>
    </div>
  );
}

function Head({ order, setOrder }: Pick<LiveRowsProps, 'order' | 'setOrder'>) {
  const { t } = useWords();
  return (
    <div role="rowgroup" className="live-head">
      <div role="row" aria-rowindex={1} className="live-row">
        {LIVE_COLUMNS.map(({ key, label, isNumber }) => {
          const sorted = order === key ? 'ascending' : order === `-${key}` ? 'descending' : 'none';
          return (
            <div key={key} role="columnheader" aria-sort={sorted} className={isNumber ? 'number' : ''}>
              <button type="button" className="sort" onClick={() => setOrder(sorted === 'ascending' ? `-${key}` : key)}>
                {t(label)}
                <span aria-hidden>{sorted === 'ascending' ? ' ▲' : sorted === 'descending' ? ' ▼' : ''}</span>
              </button>
            </div>
          );
        })}
        <div role="columnheader">{t('live.end')}</div>
      </div>
    </div>
  );
}

interface CellsProps {
  readonly session: BoardSession;
  readonly age: string;
  readonly mayEnd: boolean;
  readonly end: (session: BoardSession) => void;
}

// A row is drawn again only when its session or its age changed.
const Cells = memo(function Cells({ session, age, mayEnd: may, end }: CellsProps) {
  const { t } = useWords();
  const { id, tenantName, key, keyId, model, transport, state, cost, perMinute, lastEvent, lastEventAt, moderation } =
    session;
  const text = (value: string | null) => (
    <div role="cell" title={value ?? ''}>
      <bdi>{value ?? t('value.unknown')}</bdi>
    </div>
  );
  // The currency stands in the heading: a thousand times the same word is noise.
  const amount = (value: string) => (
    <div role="cell" className="number" title={`${value} USD`}>
      {shownAmount(value)}
    </div>
  );
  return (
    <>
      <div role="cell" className="id" title={id}>
        {id.slice(0, 4)}…{id.slice(-6)}
      </div>
      {text(tenantName)}
      {text(key ?? keyId)}
      {text(model)}
      {text(transport)}
      <div role="cell" className="number">
        {age}
      </div>
      <div role="cell" className={state === 'lost' ? 'bad' : state === 'ending' ? 'warn' : ''}>
        {t(`live.state.${state}`)}
      </div>
      {amount(cost)}
      {amount(perMinute)}
      <div role="cell" title={`${lastEvent ?? ''} ${lastEventAt ?? ''}`}>
        {lastEventAt?.slice(11, 19) ?? ''}
      </div>
      <div role="cell" className={moderation === null ? 'muted' : 'warn'}>
        {moderation ?? t('live.moderation.none')}
      </div>
      <div role="cell">
        {may ? (
          <Button
            size="compact-xs"
            variant="default"
            aria-label={`${t('live.end')} ${id}`}
            onClick={() => end(session)}
          >
            {t('live.end')}
          </Button>
        ) : null}
      </div>
    </>
  );
});

function mayEnd(me: Me, { tenant }: BoardSession): boolean {
  if (me.permissions.includes('sessions:end')) return true;
  return me.tenants.some(({ slug, permissions }) => slug === tenant && permissions.includes('sessions:end'));
}

function useNow(paused: boolean): number {
  const [nowMs, setNowMs] = useState(() => Date.now());
  useEffect(() => {
    if (paused) return undefined;
    const timer = setInterval(() => setNowMs(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, [paused]);
  return nowMs;
}
