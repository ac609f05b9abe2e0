import { addAmounts, negateAmount, parseAmount, priceOf, ZERO, type AmountPico } from '@trunkline/kernel';
import fc from 'fast-check';
import type { DayBooks, OurUse, UpstreamCharge, UpstreamUse } from './day-books.js';
import { reconcileDay } from './reconcile-day.js';
import { splitQuantity, type BothSides } from './split-quantity.js';

const DAY = 86_400_000;
const usd = (text: string): AmountPico => parseAmount(text) ?? ZERO;
const tokens = (count: number) => BigInt(count) * 1_000_000n;
// 10 USD per million tokens.
const worthOf: DayBooks['worthOf'] = (_model, _meter, micro) => priceOf(micro, usd('10'), 1_000_000n);

const ours = (over: Partial<OurUse> & { readonly count?: number } = {}): OurUse => ({
  dayMs: DAY,
  model: 'voice',
  meter: 'output_audio',
  reportedMicro: tokens(over.count ?? 1000),
  estimatedMicro: 0n,
  unbookedMicro: 0n,
  nearStartMicro: 0n,
  nearEndMicro: 0n,
  cost: worthOf('', '', tokens(over.count ?? 1000)) ?? ZERO,
  ...over,
});
const theirs = (count: number, over: Partial<UpstreamUse> = {}): UpstreamUse => ({
  dayMs: DAY,
  keyId: 'key_ours',
  model: 'voice',
  meter: 'output_audio',
  quantityMicro: tokens(count),
  ...over,
});
const charge = (amount: string, over: Partial<UpstreamCharge> = {}): UpstreamCharge => ({
  keyId: 'key_ours',
  lineItem: 'voice, audio_output_tokens',
  of: { model: 'voice', meter: 'output_audio' },
  amount: usd(amount),
  ...over,
});
const books = (over: Partial<DayBooks> = {}): DayBooks => ({
  dayMs: DAY,
  ours: [ours()],
  unreported: [],
  theirs: [theirs(1000)],
  charges: [charge('0.01')],
  ownKeys: new Set(['key_ours']),
  worthOf,
  ...over,
});
const classes = (over: Partial<DayBooks>) => reconcileDay(books(over)).differences.map((each) => each.class);

describe('a day compared', () => {
  it('is equal to the last token and cent when nothing differs', () => {
    expect(reconcileDay(books())).toMatchObject({ compared: 1, equal: 1, differences: [], alarming: false });
  });

  it('is timing when the day before lacks it and we have it close to midnight', () => {
    const straddled = [ours({ dayMs: 0, count: 50, nearEndMicro: tokens(50) }), ours()];
    const over = { ours: straddled, theirs: [theirs(1050)], charges: [charge('0.0105')] };
    expect(reconcileDay(books(over)).differences).toMatchObject([{ class: 'timing', differenceMicro: tokens(50) }]);
    const seenFromThere = { ...over, dayMs: 0, charges: [] };
    expect(reconcileDay(books(seenFromThere)).differences).toMatchObject([
      { class: 'timing', differenceMicro: -tokens(50) },
    ]);
  });

  it('is no timing when what would have to move was hours away from midnight', () => {
    const noon = [ours({ dayMs: 0, count: 50 }), ours()];
    expect(classes({ ours: noon, theirs: [theirs(1050)], charges: [charge('0.0105')] })).toEqual(['foreign_use']);
  });

  it('is lost usage beside our estimate, even when that was exact', () => {
    const estimated = ours({ count: 900, estimatedMicro: tokens(100), cost: usd('0.01') });
    expect(reconcileDay(books({ ours: [estimated] })).differences).toMatchObject([
      { class: 'lost_usage', differenceMicro: 0n, estimatedMicro: tokens(100), amount: ZERO },
    ]);
    const more = reconcileDay(books({ ours: [estimated], theirs: [theirs(1030)], charges: [charge('0.0103')] }));
    expect(more.differences).toMatchObject([
      { class: 'lost_usage', differenceMicro: tokens(30), amount: usd('0.0003') },
    ]);
  });

  it('is lost usage when a response came without its usage, up to what one can use', () => {
    const unreported = [{ dayMs: DAY, model: 'voice', events: 1 }];
    expect(classes({ unreported, theirs: [theirs(1500)], charges: [charge('0.015')] })).toEqual(['lost_usage']);
    expect(classes({ unreported, theirs: [theirs(200_000)], charges: [charge('2')] })).toEqual([
      'foreign_use',
      'lost_usage',
    ]);
  });

  it('is foreign use and alarming when our key did what we know nothing of, or a key that is not ours', () => {
    const more = reconcileDay(books({ theirs: [theirs(1001)], charges: [charge('0.01001')] }));
    expect(more).toMatchObject({ differences: [{ class: 'foreign_use', differenceMicro: tokens(1) }], alarming: true });
    const other = [theirs(1000), theirs(7, { keyId: 'key_other' })];
    const charges = [charge('0.01'), charge('0.00007', { keyId: 'key_other' })];
    expect(reconcileDay(books({ theirs: other, charges })).differences).toMatchObject([
      { class: 'foreign_use', keyId: 'key_other', oursMicro: 0n, differenceMicro: tokens(7) },
    ]);
  });

  it('is missing upstream when they reported to us what they do not list', () => {
    expect(classes({ theirs: [theirs(600)], charges: [charge('0.006')] })).toEqual(['missing_upstream']);
  });

  it('is price when money differs and quantities do not, and a rounding below a hundredth of a percent', () => {
    expect(reconcileDay(books({ charges: [charge('0.0125')] })).differences).toMatchObject([
      { class: 'price', differenceMicro: 0n, amount: usd('0.0025') },
    ]);
    expect(classes({ charges: [charge('0.0100005')] })).toEqual(['within_tolerance']);
  });

  it('is an unknown line item when a cost belongs to no usage', () => {
    const extra = [charge('0.01'), charge('2.5', { lineItem: 'web search', of: null, keyId: null })];
    const day = reconcileDay(books({ charges: extra }));
    expect(day.differences).toMatchObject([{ class: 'unknown_line_item', lineItem: 'web search', amount: usd('2.5') }]);
    expect(day.alarming).toBe(true);
  });

  it('alarms above one dollar and half a percent, not below', () => {
    const large = (charged: string) =>
      reconcileDay(
        books({ ours: [ours({ count: 40_000_000 })], theirs: [theirs(40_000_000)], charges: [charge(charged)] }),
      );
    expect(large('401.9')).toMatchObject({ alarming: false, unexplained: usd('1.9') });
    expect(large('402.1')).toMatchObject({ alarming: true });
  });

  it('says nothing of money while the vendor has no costs', () => {
    expect(reconcileDay(books({ charges: null }))).toMatchObject({ differences: [], theirsCost: null });
  });
});

describe('the parts of a difference', () => {
  const side = fc.record({
    reportedMicro: fc.bigInt({ min: 0n, max: 1000n }),
    estimatedMicro: fc.bigInt({ min: 0n, max: 300n }),
    theirsMicro: fc.bigInt({ min: 0n, max: 1500n }),
    nearStartMicro: fc.bigInt({ min: 0n, max: 400n }),
    nearEndMicro: fc.bigInt({ min: 0n, max: 400n }),
  });

  it('sum to it, whatever the books', () => {
    const unreported = fc.bigInt({ min: 0n, max: 200n });
    fc.assert(
      fc.property(side, side, side, unreported, (before, day, after, unreportedMaxMicro) => {
        const parts = splitQuantity({ before, day, after, unreportedMaxMicro });
        const sum = parts.reduce((total, part) => total + part.micro, 0n);
        expect(sum).toBe(day.theirsMicro - day.reportedMicro - day.estimatedMicro);
        expect(new Set(parts.map((part) => part.class)).size).toBe(parts.length);
      }),
      { numRuns: 1000 },
    );
  });

  it('never hide foreign use behind midnight: what timing explains on one day, it takes from the other', () => {
    fc.assert(
      fc.property(side, side, (first: BothSides, second: BothSides) => {
        const none = { reportedMicro: 0n, estimatedMicro: 0n, theirsMicro: 0n, nearStartMicro: 0n, nearEndMicro: 0n };
        const timing = (before: BothSides, day: BothSides, after: BothSides) =>
          splitQuantity({ before, day, after, unreportedMaxMicro: 0n }).find((part) => part.class === 'timing')
            ?.micro ?? 0n;
        expect(timing(none, first, second) + timing(first, second, none)).toBe(0n);
      }),
      { numRuns: 1000 },
    );
  });

  it('sum in money to the difference of the charges', () => {
    const count = fc.integer({ min: 0, max: 5_000 });
    fc.assert(
      fc.property(count, count, count, fc.integer({ min: 0, max: 10_000_000 }), (mine, estimated, yours, micros) => {
        const amount = usd(`0.${String(micros).padStart(12, '0')}`);
        const use = ours({ count: mine, estimatedMicro: tokens(estimated) });
        const cost = worthOf('', '', use.reportedMicro + use.estimatedMicro) ?? ZERO;
        const of = { model: 'voice', meter: 'output_audio' };
        const day = reconcileDay(
          books({
            ours: [{ ...use, cost }],
            theirs: [theirs(yours)],
            charges: [{ keyId: null, lineItem: 'x', of, amount }],
          }),
        );
        const parts = addAmounts(...day.differences.map((each) => each.amount ?? ZERO));
        expect(parts).toBe(addAmounts(amount, negateAmount(cost)));
      }),
    );
  });
});
