// A quarter of made-up voice traffic of thirty tenants: what the vendor reported, when it happened, and when it got here.
// The same seed gives the same quarter. Some reports come twice, some after their month was closed; some are lost, so that an
// estimate stands in for them, for some time or for ever.
import { mintId, type ApiKeyId, type PoolId, type SessionId, type TenantId } from '@trunkline/kernel';
import type { Meter } from '@trunkline/metering';
import { Chance } from '../admission/chance.js';

/** Tokens or seconds of a meter, as whole numbers. */
export type Counts = Partial<Readonly<Record<Meter, number>>>;

/** One report of the vendor and how it reached us. */
export interface Report {
  readonly sessionId: SessionId;
  readonly vendorObjectId: string;
  readonly kind: 'response' | 'transcription';
  readonly tenantId: TenantId;
  readonly keyId: ApiKeyId;
  readonly poolId: PoolId;
  readonly model: string;
  readonly occurredAtMs: number;
  readonly counts: Counts;
  /** When its batch reaches the database; later than the close of its month for some, never (Infinity) for others. */
  readonly arrivesAtMs: number;
  /** As its customer's terms say. */
  readonly paysEstimates: boolean;
  /** What stands in for it until then; null where it comes in time. */
  readonly estimate: Estimate | null;
  /** Times it is delivered. */
  readonly deliveries: number;
}

/** What was seen of a use whose report did not come, and when that reaches the database. */
export interface Estimate {
  readonly counts: Counts;
  readonly arrivesAtMs: number;
}

/** Who talks in it. */
export interface Customer {
  readonly tenantId: TenantId;
  readonly keys: readonly ApiKeyId[];
  readonly terms: Terms;
}

/** What was agreed with a customer. */
export interface Terms {
  /** Pays an eighth more than the list from `MARKUP_FROM` on. */
  readonly hasMarkup: boolean;
  /** Pays `OWN_PRICE` for the text that voice-a writes, whatever the list says. */
  readonly hasOwnPrice: boolean;
  readonly paysEstimates: boolean;
}

/** Of the n-th customer: each of the terms and some of their combinations. */
export function termsOf(n: number): Terms {
  return { hasMarkup: n % 5 === 1, hasOwnPrice: n % 7 === 2, paysEstimates: n % 3 !== 0 };
}

/** The quarter: July to September 2026, in the time zone of the company (UTC+2 all the while). */
export const QUARTER = { fromMs: Date.parse('2026-06-30T22:00:00Z'), toMs: Date.parse('2026-09-30T22:00:00Z') };

const DAY_MS = 86_400_000;
const LATE_PART = 0.02;
const LATE_DAYS = { least: 15, most: 40 };
const TWICE_PART = 0.03;
const LOST_PART = 0.06;
/** Of the lost ones: found after all. */
const FOUND_PART = 0.5;
const HOUR_MS = 3_600_000;

/** @param callsPerDay of each tenant, on the average. @returns reports in the order in which they arrive. */
export function makeQuarter(seed: number, callsPerDay: number, customers: readonly Customer[]): readonly Report[] {
  const chance = new Chance(seed);
  const poolId = mintId('pool', QUARTER.fromMs, (count) => chance.bytes(count));
  const reports = customers.flatMap((customer) => {
    const own = chance.fork();
    const calls: Report[] = [];
    let atMs = QUARTER.fromMs;
    for (;;) {
      atMs += own.exponential(DAY_MS / callsPerDay);
      if (atMs >= QUARTER.toMs) return calls;
      calls.push(...makeCall({ ...customer, poolId, atMs, chance: own }));
    }
  });
  // What happens in a call that began before midnight may be of the next quarter.
  const inside = reports.filter(({ occurredAtMs }) => occurredAtMs < QUARTER.toMs);
  return inside.sort((a, b) => a.arrivesAtMs - b.arrivesAtMs);
}

function makeCall({
  tenantId,
  keys,
  terms,
  poolId,
  atMs,
  chance,
}: Customer & { poolId: PoolId; atMs: number; chance: Chance }) {
  const sessionId = mintId('ses', atMs, (count) => chance.bytes(count));
  const who = { sessionId, tenantId, keyId: chance.pick(keys), poolId, paysEstimates: terms.paysEstimates };
  const model = chance.pick(['voice-a', 'voice-a', 'voice-b']);
  const reports: Report[] = [];
  let [context, occurredAtMs] = [chance.between(50, 400), atMs];
  for (let turn = chance.between(1, 5); turn > 0; turn--) {
    occurredAtMs += chance.between(2_000, 60_000);
    const spoken = chance.between(10, 300);
    const answer = chance.between(20, 600);
    const cached = Math.floor(context / 64) * 64;
    const counts = {
      input_text: chance.between(0, 80),
      input_text_cached: cached,
      input_audio: spoken,
      input_audio_cached: chance.between(0, 3) * 64,
      output_text: chance.between(5, 120),
      output_audio: answer,
    };
    context += spoken + answer;
    const id = `${sessionId}_${reports.length}`;
    const when = { ...who, occurredAtMs };
    const said = { vendorObjectId: `resp_${id}`, kind: 'response', model, counts } as const;
    reports.push({ ...when, ...said, ...(lost(chance, when.occurredAtMs, counts) ?? arrival(chance, occurredAtMs)) });
    const common = { ...when, ...arrival(chance, occurredAtMs) };
    if (chance.happens(0.5))
      reports.push({
        ...common,
        vendorObjectId: `item_${id}`,
        kind: 'transcription',
        ...transcription(chance, spoken),
      });
  }
  return reports;
}

function transcription(chance: Chance, spoken: number): Pick<Report, 'model' | 'counts'> {
  if (chance.happens(0.5)) return { model: 'hear-minutes', counts: { transcription_seconds: Math.ceil(spoken / 10) } };
  const counts = { transcription_input_audio: spoken, transcription_output_text: chance.between(3, 60) };
  return { model: 'hear-tokens', counts };
}

type Arrival = Pick<Report, 'arrivesAtMs' | 'deliveries' | 'estimate'>;

/** Half of what is counted was seen; within the hour it is clear that no report comes. Null: the report is not lost. */
function lost(chance: Chance, occurredAtMs: number, counts: Counts): Arrival | null {
  if (!chance.happens(LOST_PART)) return null;
  const seen = Object.fromEntries(Object.entries(counts).map(([meter, count]) => [meter, Math.floor(count / 2)]));
  const estimate = { counts: seen, arrivesAtMs: occurredAtMs + HOUR_MS };
  const days = chance.between(1, LATE_DAYS.most);
  const arrivesAtMs = chance.happens(FOUND_PART) ? occurredAtMs + days * DAY_MS : Infinity;
  return { arrivesAtMs, deliveries: 1, estimate };
}

function arrival(chance: Chance, occurredAtMs: number): Arrival {
  const late = chance.happens(LATE_PART);
  const days = late ? chance.between(LATE_DAYS.least, LATE_DAYS.most) : 0;
  return {
    arrivesAtMs: occurredAtMs + days * DAY_MS + chance.between(200, 900),
    deliveries: chance.happens(TWICE_PART) ? 2 : 1,
    estimate: null,
  };
}
