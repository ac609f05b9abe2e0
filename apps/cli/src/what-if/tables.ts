// Two replays side by side as tables: everybody, each tenant, each pool, and the caps of model families.
import type { CallsForecast, Side, WhatIfComparison } from '@trunkline/admission/adapters/policy';
import type { Row } from '../output.js';

/** The tables, in the order in which they are read. */
export function tablesOf({ now, then }: WhatIfComparison): readonly (readonly Row[])[] {
  return [measures(now, then), tenantRows(now, then), poolRows(now, then), familyRows(now, then)];
}

function measures(now: Side, then: Side): readonly Row[] {
  const row = (measure: string, of: (all: CallsForecast) => string | number): Row => {
    return { measure, now: of(now.all), then: of(then.all) };
  };
  const reasons = new Set([now, then].flatMap(({ all }) => Object.keys(all.refusedBecause)));
  return [
    row('calls', ({ calls }) => calls),
    row('let in at once', ({ atOnce }) => atOnce),
    row('let in after a wait', ({ waited }) => waited.calls),
    row('median wait', ({ waited }) => seconds(waited.medianMs)),
    row('p95 wait', ({ waited }) => seconds(waited.p95Ms)),
    row('longest wait', ({ waited }) => seconds(waited.maxMs)),
    row('refused', ({ refused }) => refused),
    ...[...reasons].sort().map((reason) => {
      return row(`  ${WORDS[reason] ?? reason}`, ({ refusedBecause }) => countOf(refusedBecause, reason));
    }),
    ...(now.all.refusedBefore.calls === 0
      ? []
      : [
          row(
            'of those refused before, let in',
            ({ refusedBefore }) => `${refusedBefore.admitted} of ${refusedBefore.calls}`,
          ),
        ]),
    row('floor violations', ({ floorViolations }) => floorViolations),
  ];
}

const WORDS: Readonly<Record<string, string>> = {
  pool: 'pool full',
  family: "model family's cap",
  tenant: "tenant's own limit",
  key: "key's own limit",
  rate: 'new sessions per minute',
  headroom: 'upstream paused',
  line_full: 'waiting line full',
  time_up: 'waited in vain',
  gave_up: 'gave up waiting',
  not_offered: 'no pool serves the model',
};

function countOf(counts: Readonly<Partial<Record<string, number>>>, name: string): number {
  return counts[name] ?? 0;
}

function tenantRows(now: Side, then: Side): readonly Row[] {
  const byTenant = new Map(then.tenants.map((each) => [each.tenant, each]));
  return now.tenants.map((before) => {
    const { tenant, calls, refusedBefore } = before;
    const after = byTenant.get(tenant) ?? before;
    const change = (of: (calls: CallsForecast) => string | number): string => changed(of(before), of(after));
    return {
      tenant,
      calls,
      at_once: change(({ atOnce }) => atOnce),
      waited: change(({ waited }) => waited.calls),
      median: change(({ waited }) => seconds(waited.medianMs)),
      p95: change(({ waited }) => seconds(waited.p95Ms)),
      longest: change(({ waited }) => seconds(waited.maxMs)),
      refused: change(({ refused, gaveUp }) => refused - gaveUp),
      gave_up: change(({ gaveUp }) => gaveUp),
      ...(now.all.refusedBefore.calls === 0
        ? {}
        : { refused_before: refusedBefore.calls, let_in: change((each) => each.refusedBefore.admitted) }),
      lines_peak: changed(before.lines.peak, after.lines.peak),
    };
  });
}

function poolRows(now: Side, then: Side): readonly Row[] {
  const names = [...new Set([...now.pools, ...then.pools].map(({ pool }) => pool))];
  return names.map((pool) => {
    const [before, after] = [now, then].map(({ pools }) => pools.find((each) => each.pool === pool));
    const change = (of: (pool: Side['pools'][number]) => string | number): string => {
      return changed(before ? of(before) : '-', after ? of(after) : '-');
    };
    return {
      pool,
      cap: change(({ sessionsMax }) => sessionsMax ?? 'none'),
      let_in: change(({ admitted }) => admitted),
      waited: change(({ waited }) => waited.calls),
      p95: change(({ waited }) => seconds(waited.p95Ms)),
      lines_mean: change(({ lines }) => lines.mean.toFixed(1)),
      lines_peak: change(({ lines }) => lines.peak),
      used: change(({ utilisation }) => (utilisation === null ? '-' : percent(utilisation))),
      contended: change(({ contended }) => percent(contended)),
      fairness: change(({ fairness }) => fairness?.toFixed(3) ?? '-'),
    };
  });
}

// Families are told where one has a cap of its own.
function familyRows(now: Side, then: Side): readonly Row[] {
  const families = (side: Side) =>
    side.pools.flatMap(({ pool, families: each }) =>
      each.map((family) => ({ name: `${pool} ${family.family}`, pool, ...family })),
    );
  const [before, after] = [
    new Map(families(now).map((each) => [each.name, each])),
    new Map(families(then).map((each) => [each.name, each])),
  ];
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((name) => {
    const [a, b] = [before.get(name), after.get(name)];
    const known = a ?? b;
    if (!known || (a?.sessionsMax ?? b?.sessionsMax ?? null) === null) return [];
    return [
      {
        pool: known.pool,
        family: known.family,
        cap: changed(a?.sessionsMax ?? 'none', b?.sessionsMax ?? 'none'),
        lines_mean: changed(a?.lines.mean.toFixed(1) ?? '-', b?.lines.mean.toFixed(1) ?? '-'),
        lines_peak: changed(a?.lines.peak ?? '-', b?.lines.peak ?? '-'),
      },
    ];
  });
}

function changed(before: string | number, after: string | number): string {
  return before === after ? String(before) : `${before} -> ${after}`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)}s`;
}

function percent(part: number): string {
  return part > 0 && part < 0.005 ? '<1%' : `${(part * 100).toFixed(0)}%`;
}
