// Compares a day of a pool in our books with the vendor's: every difference of quantity or money gets a class. Pure: the
// same books give the same result. Guarantees that the parts' quantities sum to the difference, and their amounts to the
// difference in money where the vendor's charges are known and our prices too. Books nothing: that is for a person.
import {
  absoluteAmount,
  addAmounts,
  millionthsOf,
  negateAmount,
  parseAmount,
  ZERO,
  type AmountPico,
} from '@trunkline/kernel';
import type { DayBooks, Difference, OurUse, ReconciledDay, UpstreamCharge, UpstreamUse } from './day-books.js';
import { NO_USE, splitQuantity, type BothSides } from './split-quantity.js';

const DAY_MS = 86_400_000;
const MICRO = 1_000_000n;
// The largest context of a Realtime model, or an hour of audio: no response without a report used more of one meter.
const UNREPORTED_EVENT_MAX = 128_000n * MICRO;
// 0.01 % of the charge, and never less than a millionth of a dollar: the vendor's amounts come as JSON numbers.
const ROUNDING_PPM = 100n;
const ROUNDING_MIN = parseAmount('0.000001') ?? ZERO;
const ALARM_PPM = 5_000n;
const ALARM_MIN = parseAmount('1') ?? ZERO;
/** An apart from which no key's name begins. */
const OURS = '';

/** One model and meter, of our keys together or of one that is not ours. */
interface Pair {
  readonly keyId: string | null;
  readonly model: string;
  readonly meter: string;
}

/** Compares. */
export function reconcileDay(books: DayBooks): ReconciledDay {
  const pairs = pairsOf(books);
  const { charged, unknown } = chargesOf(books, pairs);
  const found = [...pairs].map(([name, pair]) => differencesOf(books, pair, charged?.get(name) ?? null));
  const differences = [...found.flat(), ...unknown];
  const oursCost = addAmounts(...books.ours.filter(({ dayMs }) => dayMs === books.dayMs).map(({ cost }) => cost));
  const theirsCost = books.charges === null ? null : addAmounts(...books.charges.map(({ amount }) => amount));
  const explained = new Set(['timing', 'within_tolerance']);
  const open = differences.filter((each) => !explained.has(each.class));
  const unexplained = addAmounts(...open.map(({ amount }) => absoluteAmount(amount ?? ZERO)));
  const threshold = larger(millionthsOf(theirsCost ?? oursCost, ALARM_PPM), ALARM_MIN);
  return {
    compared: pairs.size,
    equal: found.filter((parts) => parts.length === 0).length,
    differences,
    oursCost,
    theirsCost,
    unexplained,
    alarming: unexplained > threshold || open.some((each) => each.class === 'foreign_use'),
  };
}

/** What either side has on the day, in stable order. */
function pairsOf(books: DayBooks): ReadonlyMap<string, Pair> {
  const pairs = new Map<string, Pair>();
  for (const { dayMs, model, meter } of books.ours)
    if (dayMs === books.dayMs) pairs.set(nameOf(null, model, meter), { keyId: null, model, meter });
  for (const use of books.theirs) {
    const keyId = foreignKey(books, use.keyId);
    if (use.dayMs === books.dayMs) pairs.set(nameOf(keyId, use.model, use.meter), { ...use, keyId });
  }
  return new Map([...pairs].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The charges by pair; null when the vendor has none yet. What fits no pair is unknown. */
function chargesOf(
  books: DayBooks,
  pairs: ReadonlyMap<string, Pair>,
): { readonly charged: ReadonlyMap<string, AmountPico> | null; readonly unknown: readonly Difference[] } {
  if (books.charges === null) return { charged: null, unknown: [] };
  const charged = new Map<string, AmountPico>([...pairs.keys()].map((name) => [name, ZERO]));
  const unknown: Difference[] = [];
  for (const charge of books.charges) {
    const name = charge.of && nameOf(foreignKey(books, charge.keyId), charge.of.model, charge.of.meter);
    const sum = name === null ? undefined : charged.get(name);
    if (name !== null && sum !== undefined) charged.set(name, addAmounts(sum, charge.amount));
    else if (charge.amount !== ZERO) unknown.push(unknownItem(charge));
  }
  return { charged, unknown };
}

function differencesOf(books: DayBooks, pair: Pair, charged: AmountPico | null): Difference[] {
  const { model, meter, keyId } = pair;
  const on = (dayMs: number): BothSides => bothSides(books, pair, dayMs);
  const day = on(books.dayMs);
  const events = books.unreported.filter((each) => each.dayMs === books.dayMs && each.model === model);
  const unreported = keyId === null ? events.reduce((sum, each) => sum + BigInt(each.events), 0n) : 0n;
  const parts = splitQuantity({
    before: on(books.dayMs - DAY_MS),
    day,
    after: on(books.dayMs + DAY_MS),
    unreportedMaxMicro: unreported * UNREPORTED_EVENT_MAX,
  });
  const whole = {
    ...pair,
    lineItem: null,
    oursMicro: day.reportedMicro + day.estimatedMicro,
    estimatedMicro: day.estimatedMicro,
    theirsMicro: day.theirsMicro,
  };
  const found = parts.map((part): Difference => ({
    ...whole,
    class: part.class,
    differenceMicro: part.micro,
    amount: books.worthOf(model, meter, part.micro),
  }));
  const price = charged === null ? null : priceDifference(books, pair, charged, found);
  return price === null ? found : [...found, { ...whole, ...price, differenceMicro: 0n }];
}

/** What differs in money beyond the quantities; null when nothing does. */
function priceDifference(
  books: DayBooks,
  { keyId, model, meter }: Pair,
  charged: AmountPico,
  parts: readonly Difference[],
): Pick<Difference, 'class' | 'amount'> | null {
  const cost = keyId === null ? addAmounts(...oursOn(books, model, meter, books.dayMs).map((use) => use.cost)) : ZERO;
  const byQuantity = addAmounts(...parts.map(({ amount }) => amount ?? ZERO));
  const amount = addAmounts(charged, negateAmount(cost), negateAmount(byQuantity));
  if (amount === ZERO) return null;
  const rounding = larger(millionthsOf(absoluteAmount(charged), ROUNDING_PPM), ROUNDING_MIN);
  return { class: absoluteAmount(amount) > rounding ? 'price' : 'within_tolerance', amount };
}

function bothSides(books: DayBooks, { keyId, model, meter }: Pair, dayMs: number): BothSides {
  const theirs = books.theirs.filter((use: UpstreamUse) => {
    const isIt = use.dayMs === dayMs && use.model === model && use.meter === meter;
    return isIt && foreignKey(books, use.keyId) === keyId;
  });
  const theirsMicro = theirs.reduce((sum, use) => sum + use.quantityMicro, 0n);
  if (keyId !== null) return { ...NO_USE, theirsMicro };
  const ours = oursOn(books, model, meter, dayMs);
  const sum = (of: (use: OurUse) => bigint): bigint => ours.reduce((total, use) => total + of(use), 0n);
  return {
    reportedMicro: sum((use) => use.reportedMicro + use.unbookedMicro),
    estimatedMicro: sum((use) => use.estimatedMicro),
    nearStartMicro: sum((use) => use.nearStartMicro),
    nearEndMicro: sum((use) => use.nearEndMicro),
    theirsMicro,
  };
}

function oursOn(books: DayBooks, model: string, meter: string, dayMs: number): OurUse[] {
  return books.ours.filter((use) => use.dayMs === dayMs && use.model === model && use.meter === meter);
}

/** The key, where it is not one of ours. */
function foreignKey({ ownKeys }: DayBooks, keyId: string | null): string | null {
  return ownKeys === null || keyId === null || ownKeys.has(keyId) ? null : keyId;
}

function unknownItem({ keyId, lineItem, amount }: UpstreamCharge): Difference {
  const nothing = { model: null, meter: null, oursMicro: 0n, estimatedMicro: 0n, theirsMicro: 0n, differenceMicro: 0n };
  return { ...nothing, class: 'unknown_line_item', keyId, lineItem, amount };
}

function nameOf(keyId: string | null, model: string, meter: string): string {
  return JSON.stringify([keyId ?? OURS, model, meter]);
}

function larger(a: AmountPico, b: AmountPico): AmountPico {
  return a > b ? a : b;
}
