// What closing a month asks for. A checklist is a value: every check with its state and, in words, what to do about it. Only
// what a person may answer for can be waived, and a waiver covers what was there when it was given, not what came after.
// Counting is for the adapter.
import type { Period, PeriodBounds } from './period.js';

export type PeriodStatus = 'open' | 'soft_closed' | 'closed';

/** The checks, in the order in which they are shown. */
export const PERIOD_CHECK_NAMES = [
  'ended',
  'grace',
  'earlier',
  'pending',
  'unrated',
  'parked',
  'estimates',
  'reconciled',
  'chain',
] as const;
export type PeriodCheckName = (typeof PERIOD_CHECK_NAMES)[number];

/** What each check says when it is well, and whether a person may waive it. */
export const PERIOD_CHECKS: Readonly<Record<PeriodCheckName, { readonly waivable: boolean; readonly says: string }>> = {
  ended: { waivable: false, says: 'the month is over' },
  grace: { waivable: true, says: 'the days of grace for late usage are over' },
  earlier: { waivable: false, says: 'every earlier month of the tenant is closed' },
  pending: { waivable: false, says: 'no usage waits to be rated' },
  unrated: { waivable: true, says: 'no usage waits for a price' },
  parked: { waivable: true, says: 'no usage waits for a person' },
  estimates: { waivable: true, says: 'every session has an end and no estimate is to come' },
  reconciled: { waivable: true, says: "the month agrees with the vendor's books" },
  chain: { waivable: false, says: 'no row was changed since it was booked' },
};

/** One check of a month. */
export interface CheckedItem {
  readonly check: PeriodCheckName;
  readonly state: 'ok' | 'waived' | 'missing';
  /** What was found, or who waived it and why. */
  readonly detail: string;
  /** How many stand in the way, where that is a number. */
  readonly count: number | null;
}

/** What was recorded about a check. */
export interface RecordedCheck {
  /** The newest finding. */
  readonly finding: { readonly state: 'ok' | 'missing'; readonly reason: string } | null;
  /** The newest waiver, unless something was found missing since. */
  readonly waiver: { readonly count: number | null; readonly actor: string; readonly reason: string } | null;
}

/** A pool that the vendor charges for, on days that nobody compared with that vendor's books for good. */
export interface UncomparedPool {
  readonly slug: string;
  readonly vendor: string;
  readonly days: number;
}

/** What the books say of a month that is to be closed. */
export interface CloseFacts {
  readonly period: Period;
  readonly bounds: PeriodBounds;
  readonly nowMs: number;
  readonly graceDays: number;
  /** The first earlier month that is not closed. */
  readonly earlierOpen: Period | null;
  readonly pending: number;
  readonly unrated: number;
  readonly parked: number;
  /** Sessions without an end, and usage of which a report or an estimate is owed. */
  readonly estimates: number;
  /** By slug. */
  readonly uncompared: readonly UncomparedPool[];
  /** Where its chain breaks, in words. */
  readonly chainBreak: string | null;
  readonly recorded: Partial<Readonly<Record<PeriodCheckName, RecordedCheck>>>;
}

const DAY_MS = 86_400_000;

/** The checklist of a month. */
export function checklistOf(facts: CloseFacts): readonly CheckedItem[] {
  return PERIOD_CHECK_NAMES.map((check) => {
    const found = FINDINGS[check](facts);
    return PERIOD_CHECKS[check].waivable ? waivedWhere(found, facts.recorded[check]) : found;
  });
}

/** What stands in the way of a close; empty when it may be closed. */
export function standingInTheWay(checklist: readonly CheckedItem[]): readonly CheckedItem[] {
  return checklist.filter(({ state }) => state === 'missing');
}

/** When a month may be closed at the earliest. Unix milliseconds. */
export function graceEndsMs({ bounds, graceDays }: Pick<CloseFacts, 'bounds' | 'graceDays'>): number {
  return bounds.toMs + graceDays * DAY_MS;
}

const NOT_RECONCILED =
  'it was not reconciled: `reconcile run` compares its days with the vendor, or `period waive` it with a reason';

const FINDINGS: Readonly<Record<PeriodCheckName, (facts: CloseFacts) => CheckedItem>> = {
  ended: ({ bounds, nowMs }) => item('ended', nowMs >= bounds.toMs, `it ends ${iso(bounds.toMs)}`),
  grace: (facts) => item('grace', facts.nowMs >= graceEndsMs(facts), `they end ${iso(graceEndsMs(facts))}`),
  earlier: ({ earlierOpen }) => item('earlier', earlierOpen === null, `${earlierOpen ?? ''} is not: close it first`),
  pending: ({ pending }) => counted('pending', pending, 'usage events are pending: the worker rates them by itself'),
  unrated: ({ unrated }) => counted('unrated', unrated, 'usage events have no price: see `costs --unrated`'),
  parked: ({ parked }) => counted('parked', parked, 'usage events wait for a person: see `costs --unrated`'),
  estimates: ({ estimates }) => counted('estimates', estimates, 'sessions have no end, or usage is owed an estimate'),
  reconciled: ({ recorded, uncompared }) => {
    const finding = recorded.reconciled?.finding ?? null;
    const isOk = finding?.state === 'ok';
    const reasons = [...(isOk ? [] : [finding?.reason ?? NOT_RECONCILED]), ...uncomparedText(uncompared)];
    return item('reconciled', reasons.length === 0, reasons.join('; '), uncompared.length || null);
  },
  chain: ({ chainBreak }) => item('chain', chainBreak === null, chainBreak ?? ''),
};

function item(check: PeriodCheckName, isOk: boolean, otherwise: string, count: number | null = null): CheckedItem {
  return { check, state: isOk ? 'ok' : 'missing', detail: isOk ? PERIOD_CHECKS[check].says : otherwise, count };
}

function counted(check: PeriodCheckName, count: number, what: string): CheckedItem {
  return item(check, count === 0, `${count} ${what}`, count);
}

const NAMED_MAX = 10;

// A finding is of the pools whose books can be read; this is of the others, which a finding does not know.
function uncomparedText(pools: readonly UncomparedPool[]): readonly string[] {
  if (pools.length === 0) return [];
  const named = pools.slice(0, NAMED_MAX).map(({ slug, vendor, days }) => `${slug} (${vendor}, days: ${days})`);
  const more = pools.length > NAMED_MAX ? [`${pools.length - NAMED_MAX} more`] : [];
  const names = [...named, ...more].join(', ');
  return [
    `pools with cost that was not compared for good with their vendor's books: ${names}: \`reconcile source list\` says what keeps them from it, or \`period waive\` it with a reason`,
  ];
}

function waivedWhere(found: CheckedItem, recorded: RecordedCheck | undefined): CheckedItem {
  if (found.state === 'ok' || !recorded?.waiver) return found;
  const { actor, reason, count } = recorded.waiver;
  if ((found.count ?? 0) > (count ?? 0))
    return { ...found, detail: `${found.detail}; ${count ?? 0} of them were waived by ${actor}` };
  return { ...found, state: 'waived', detail: `${found.detail}; waived by ${actor}: ${reason}` };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
