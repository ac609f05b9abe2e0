// The pools, who holds their lines, and what another cap would have done to the calls of the last days.
import { Button, NumberInput } from '@mantine/core';
import { useState } from 'react';
import { sendJson } from '../api/request.js';
import { useRead } from '../api/use-read.js';
import { useWords } from '../i18n/use-words.js';
import { DataTable } from '../parts/data-table.js';
import { Page } from '../parts/page.js';
import { Failed, WhenLoaded } from '../parts/states.js';
import { useColumns } from '../parts/use-columns.js';

const EVERY_MS = 5_000;

interface PoolRow {
  readonly pool: string;
  readonly status: string;
  readonly totals: {
    readonly cap: number | null;
    readonly open: number;
    readonly pending: number;
    readonly kept: number;
    readonly free: number | null;
    readonly heldBack: number;
    readonly waiting: number;
  };
}
interface Forecast {
  readonly tenant: string;
  readonly calls: number;
  readonly atOnce: number;
  readonly refused: number;
  readonly lines: { readonly peak: number };
}
interface Side {
  readonly tenants: readonly Forecast[];
}
interface WhatIfAnswer {
  readonly notes: readonly string[];
  readonly now: Side;
  readonly then: Side;
}

/** The screen. */
export function Pools() {
  const { t } = useWords();
  const c = useColumns();
  const pools = useRead<{ readonly pools: readonly PoolRow[] }>('/pools', EVERY_MS);
  const columns = [
    c.text<PoolRow>('pool', 'column.pool', ({ pool }) => pool),
    c.text<PoolRow>('status', 'column.state', ({ status }) => status),
    c.number<PoolRow>('used', 'overview.pools.used', ({ totals }) => totals.open + totals.pending + totals.kept),
    c.number<PoolRow>('cap', 'overview.pools.cap', ({ totals }) => totals.cap),
    c.number<PoolRow>('free', 'pools.free', ({ totals }) => totals.free),
    c.number<PoolRow>('heldBack', 'pools.heldBack', ({ totals }) => totals.heldBack),
    c.number<PoolRow>('waiting', 'overview.pools.waiting', ({ totals }) => totals.waiting),
  ];
  return (
    <Page title={t('nav.pools')}>
      <WhenLoaded of={pools}>
        {(answer) => (
          <>
            <DataTable
              id="pools"
              caption={t('nav.pools')}
              columns={columns}
              rows={answer.pools}
              rowKey={({ pool }) => pool}
              empty={t('overview.noPools')}
            />
            {answer.pools.map(({ pool, totals }) => (
              <WhatIf key={pool} pool={pool} cap={totals.cap ?? 1} />
            ))}
          </>
        )}
      </WhenLoaded>
    </Page>
  );
}

function WhatIf({ pool, cap }: { readonly pool: string; readonly cap: number }) {
  const { t } = useWords();
  const [days, setDays] = useState(7);
  const [wanted, setWanted] = useState(cap);
  const [busy, setBusy] = useState(false);
  const [answer, setAnswer] = useState<WhatIfAnswer | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const ask = async () => {
    setBusy(true);
    setError(null);
    try {
      setAnswer(
        await sendJson<WhatIfAnswer>('/pools/what-if', {
          days,
          changes: { pools: { [pool]: { sessionsMax: wanted } } },
        }),
      );
    } catch (failure) {
      setError(failure instanceof Error ? failure : new Error(String(failure)));
    }
    setBusy(false);
  };
  return (
    <section className="panel" aria-label={t('whatIf.title', { pool })}>
      <h2>{t('whatIf.title', { pool })}</h2>
      <p className="muted">{t('whatIf.about')}</p>
      <div className="filters">
        <NumberInput
          size="xs"
          hideControls
          label={t('whatIf.cap')}
          min={1}
          max={100_000}
          allowDecimal={false}
          value={wanted}
          onChange={(value) => setWanted(Number(value))}
        />
        <NumberInput
          size="xs"
          hideControls
          label={t('whatIf.days')}
          min={1}
          max={31}
          allowDecimal={false}
          value={days}
          onChange={(value) => setDays(Number(value))}
        />
        <Button size="xs" loading={busy} onClick={() => void ask()}>
          {t('whatIf.ask')}
        </Button>
      </div>
      {error === null ? null : <Failed error={error} again={() => void ask()} />}
      {answer === null ? null : <WhatIfTable answer={answer} />}
    </section>
  );
}

interface SideBySide {
  readonly tenant: string;
  readonly now: Forecast | null;
  readonly then: Forecast | null;
}

function WhatIfTable({ answer }: { readonly answer: WhatIfAnswer }) {
  const { t } = useWords();
  const c = useColumns();
  const names = [...new Set([...answer.now.tenants, ...answer.then.tenants].map(({ tenant }) => tenant))];
  const of = ({ tenants }: Side, name: string) => tenants.find(({ tenant }) => tenant === name) ?? null;
  const rows = names.map((tenant): SideBySide => ({
    tenant,
    now: of(answer.now, tenant),
    then: of(answer.then, tenant),
  }));
  const columns = [
    c.text<SideBySide>('tenant', 'column.tenant', ({ tenant }) => tenant),
    c.number<SideBySide>('calls', 'whatIf.calls', ({ now }) => now?.calls ?? 0),
    c.number<SideBySide>('refusedNow', 'whatIf.refusedNow', ({ now }) => now?.refused ?? 0),
    c.number<SideBySide>('refusedThen', 'whatIf.refusedThen', ({ then }) => then?.refused ?? 0),
    c.number<SideBySide>('peakNow', 'whatIf.peakNow', ({ now }) => now?.lines.peak ?? 0),
    c.number<SideBySide>('peakThen', 'whatIf.peakThen', ({ then }) => then?.lines.peak ?? 0),
  ];
  return (
    <>
      {answer.notes.map((note) => (
        <p key={note} className="muted">
          {note}
        </p>
      ))}
      <DataTable
        id="whatif"
        caption={t('whatIf.result')}
        columns={columns}
        rows={rows}
        rowKey={({ tenant }) => tenant}
        empty={t('whatIf.none')}
      />
    </>
  );
}
