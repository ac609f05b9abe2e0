// The vendor's own books of the quarter: everything that was used, also what it never reported to us, and some days on which
// they differ from ours for a reason that is known here. What reconciliation must find is worked out beside them: whole
// numbers, no code of ours.
import { listPrice, sumOf } from './oracle.js';
import { QUARTER, type Report } from './traffic.js';

/** What the vendor counted of a meter in an hour. */
export interface VendorUse {
  readonly hourMs: number;
  readonly keyId: string;
  readonly model: string;
  readonly meter: string;
  /** Tokens or seconds. */
  readonly count: bigint;
}

/** What it charges for a day. */
export interface VendorCharge {
  readonly dayMs: number;
  readonly keyId: string | null;
  readonly lineItem: string;
  readonly of: { readonly model: string; readonly meter: string } | null;
  /** 10^-12 US dollars. */
  readonly pico: bigint;
}

/** A part of a difference that must be found: theirs less ours. */
export interface Expected {
  readonly class: string;
  readonly keyId: string | null;
  readonly model: string | null;
  readonly meter: string | null;
  readonly lineItem: string | null;
  readonly count: bigint;
  readonly pico: bigint;
}

/** The vendor's id of our key, and of one that we know nothing of. */
export const OUR_KEY = 'key_ours';
export const FOREIGN_KEY = 'key_foreign';

const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;
/** The vendor's days that lie in the quarter whole. */
export const FIRST_DAY_MS = Math.ceil(QUARTER.fromMs / DAY_MS) * DAY_MS;
export const LAST_DAY_MS = Math.floor(QUARTER.toMs / DAY_MS - 1) * DAY_MS;
// Its reports are never lost, so that what is made to differ of it differs for that reason alone.
const HEARD = { model: 'hear-minutes', meter: 'transcription_seconds' } as const;
// A day is compared with its neighbours: what is made to differ stands so far apart that none is another's.
const APART_MS = 4 * DAY_MS;
const FINE_PICO = 5_000_000_000_000n;
const ROUNDING_PICO = 100_000n;

const dayOf = (atMs: number): number => Math.floor(atMs / DAY_MS) * DAY_MS;
const isHour =
  (from: number, to: number) =>
  ({ occurredAtMs }: Report): boolean =>
    occurredAtMs % DAY_MS >= from * HOUR_MS && occurredAtMs % DAY_MS < to * HOUR_MS;

/** The vendor's books, and how ours must differ from them by the end of the quarter. */
export class VendorSide {
  readonly uses: VendorUse[] = [];
  readonly charges: VendorCharge[] = [];
  readonly #expected = new Map<number, Expected[]>();

  constructor(reports: readonly Report[]) {
    const heard = reports.filter(({ model }) => model === HEARD.model).sort((a, b) => a.occurredAtMs - b.occurredAtMs);
    const taken: number[] = [];
    const next = (is: (report: Report) => boolean): Report => {
      const after = (taken.at(-1) ?? FIRST_DAY_MS) + APART_MS;
      const found = heard.find((each) => dayOf(each.occurredAtMs) >= after && is(each));
      if (found === undefined) throw new Error('the quarter has no day left that can be made to differ');
      taken.push(dayOf(found.occurredAtMs));
      return found;
    };
    const [overMidnight, leftOut] = [next(isHour(23, 24)), next(isHour(10, 14))];
    for (const report of reports) if (report !== leftOut) this.#count(report, report === overMidnight ? HOUR_MS : 0);
    this.#differAbout(overMidnight, leftOut);
    const noons = Array.from({ length: 5 }, () => dayOf(next(isHour(10, 14)).occurredAtMs) + DAY_MS / 2);
    this.#useMore(noons);
    this.#charge();
    this.#chargeOddly(noons);
  }

  /** What must be found on a day, in no order. */
  expectedOn(dayMs: number): readonly Expected[] {
    return this.#expected.get(dayMs) ?? [];
  }

  // What was never reported was twice what we saw of it.
  #count({ model, occurredAtMs, arrivesAtMs, counts, estimate }: Report, laterMs: number): void {
    const isLost = arrivesAtMs === Infinity;
    for (const [meter, count] of Object.entries(isLost ? (estimate?.counts ?? {}) : counts)) {
      if (count === 0) continue;
      const seen = BigInt(count);
      this.#use({ model, meter }, occurredAtMs + laterMs, { count: isLost ? 2n * seen : seen, keyId: OUR_KEY });
      if (isLost) this.#lost({ model, meter }, occurredAtMs, seen);
    }
  }

  #use(of: Pick<VendorUse, 'model' | 'meter'>, atMs: number, used: Pick<VendorUse, 'count' | 'keyId'>): void {
    this.uses.push({ ...of, ...used, hourMs: Math.floor(atMs / HOUR_MS) * HOUR_MS });
  }

  // Lost uses of a day are one part: we booked what we saw, so as much again is the difference.
  #lost(of: Pick<VendorUse, 'model' | 'meter'>, atMs: number, seen: bigint): void {
    const parts = this.#partsOf(atMs);
    const at = parts.findIndex(
      (part) => part.class === 'lost_usage' && part.model === of.model && part.meter === of.meter,
    );
    const before = parts[at]?.count ?? 0n;
    const part = partOf('lost_usage', of, { atMs, count: before + seen });
    if (at === -1) parts.push(part);
    else parts[at] = part;
  }

  #differAbout(overMidnight: Report, leftOut: Report): void {
    const secondsOf = ({ counts }: Report): bigint => BigInt(counts.transcription_seconds ?? 0);
    const moved = secondsOf(overMidnight);
    for (const [atMs, count] of [
      [overMidnight.occurredAtMs, -moved],
      [overMidnight.occurredAtMs + HOUR_MS, moved],
    ] as const)
      this.#partsOf(atMs).push(partOf('timing', HEARD, { atMs, count }));
    const { occurredAtMs: atMs } = leftOut;
    this.#partsOf(atMs).push(partOf('missing_upstream', HEARD, { atMs, count: -secondsOf(leftOut) }));
  }

  /** Somebody else uses the account, by a key of theirs and by ours. */
  #useMore([theirs = 0, ours = 0]: readonly number[]): void {
    for (const [atMs, keyId] of [
      [theirs, FOREIGN_KEY],
      [ours, OUR_KEY],
    ] as const) {
      this.#use(HEARD, atMs, { count: 120n, keyId });
      const part = partOf('foreign_use', HEARD, { atMs, count: 120n });
      this.#partsOf(atMs).push({ ...part, keyId: keyId === OUR_KEY ? null : keyId });
    }
  }

  #charge(): void {
    const sums = new Map<string, VendorCharge>();
    for (const { hourMs, keyId, model, meter, count } of this.uses) {
      const [dayMs, name] = [dayOf(hourMs), JSON.stringify([dayOf(hourMs), keyId, model, meter])];
      const pico = count * priceOf({ model, meter }, hourMs) + (sums.get(name)?.pico ?? 0n);
      sums.set(name, { dayMs, keyId, lineItem: `${model}, ${meter}`, of: { model, meter }, pico });
    }
    this.charges.push(...sums.values());
  }

  /** A tenth too much, a fine, and a rounding. */
  #chargeOddly([, , dear = 0, fined = 0, rounded = 0]: readonly number[]): void {
    const raise = (atMs: number, kind: string, by: (pico: bigint) => bigint): void => {
      const at = this.charges.findIndex(({ dayMs, of }) => dayMs === dayOf(atMs) && of?.model === HEARD.model);
      const charge = this.charges[at];
      if (charge === undefined) throw new Error('nothing is charged on that day');
      const pico = by(charge.pico);
      this.charges[at] = { ...charge, pico: charge.pico + pico };
      this.#partsOf(atMs).push({ ...partOf(kind, HEARD, { atMs, count: 0n }), pico });
    };
    raise(dear, 'price', (pico) => pico / 10n);
    raise(rounded, 'within_tolerance', () => ROUNDING_PICO);
    const fine = { dayMs: dayOf(fined), keyId: null, lineItem: 'a fine', of: null, pico: FINE_PICO };
    this.charges.push(fine);
    const nothing = { keyId: null, model: null, meter: null, count: 0n };
    this.#partsOf(fined).push({ ...nothing, class: 'unknown_line_item', lineItem: 'a fine', pico: FINE_PICO });
  }

  #partsOf(atMs: number): Expected[] {
    const parts = this.#expected.get(dayOf(atMs)) ?? [];
    this.#expected.set(dayOf(atMs), parts);
    return parts;
  }
}

/** Whether a person must look: any foreign use, or unexplained above a dollar and half a percent of what is charged. */
export function mustAlarm(parts: readonly Expected[], charged: bigint): boolean {
  const open = parts.filter((part) => part.class !== 'timing' && part.class !== 'within_tolerance');
  const unexplained = sumOf(...open.map(({ pico }) => (pico < 0n ? -pico : pico)));
  const isLarge = unexplained > 1_000_000_000_000n && unexplained * 200n > charged;
  return isLarge || open.some((part) => part.class === 'foreign_use');
}

function partOf(
  kind: string,
  of: { readonly model: string; readonly meter: string },
  { atMs, count }: { readonly atMs: number; readonly count: bigint },
): Expected {
  return { class: kind, keyId: null, ...of, lineItem: null, count, pico: count * priceOf(of, atMs) };
}

// By the end of the quarter the late correction is known on both sides.
function priceOf(of: { readonly model: string; readonly meter: string }, atMs: number): bigint {
  return listPrice({ ...of, atMs, corrected: true });
}
