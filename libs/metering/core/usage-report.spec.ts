import fc from 'fast-check';
import { METERS, type Meter } from './meters.js';
import { formatQuantity, secondsMicro, tokensMicro, type Quantity } from './quantity.js';
import { checkDisjoint } from './usage-report.js';

const tokens = (meter: Meter, count: number): Quantity => ({ meter, quantityMicro: BigInt(count) * 1_000_000n });

// The sample of OpenAI's specification: cached tokens are inside its input count, and taken out of the text meter here.
const SAMPLE = [
  tokens('input_text', 119 - 64),
  tokens('input_text_cached', 64),
  tokens('input_audio', 13),
  tokens('output_text', 30),
  tokens('output_audio', 91),
];
const SAMPLE_TOTALS = { inputTokens: 132, outputTokens: 121, totalTokens: 253 };

test("meters that add up to the vendor's totals are accepted", () => {
  expect(checkDisjoint(SAMPLE, SAMPLE_TOTALS)).toBeNull();
});

test('cached tokens counted twice are a mismatch', () => {
  const twice = [tokens('input_text', 119), ...SAMPLE.slice(1)];
  expect(checkDisjoint(twice, SAMPLE_TOTALS)).toBe('sum_mismatch');
});

test.each([
  ['input', { ...SAMPLE_TOTALS, inputTokens: 131 }],
  ['output', { ...SAMPLE_TOTALS, outputTokens: 122 }],
  ['total', { ...SAMPLE_TOTALS, totalTokens: 254 }],
  ['a total that is no whole number', { ...SAMPLE_TOTALS, totalTokens: 253.5 }],
])('a different vendor total is a mismatch: %s', (_name, totals) => {
  expect(checkDisjoint(SAMPLE, totals)).toBe('sum_mismatch');
});

test('totals that the vendor does not state are not held against it', () => {
  expect(checkDisjoint(SAMPLE, { inputTokens: null, outputTokens: null, totalTokens: null })).toBeNull();
});

test('seconds count towards no token total', () => {
  const seconds = [{ meter: 'transcription_seconds', quantityMicro: 9_200_000n } as const];
  expect(checkDisjoint(seconds, { inputTokens: 0, outputTokens: 0, totalTokens: 0 })).toBeNull();
});

test('a meter that appears twice is a mismatch even when the sum is right', () => {
  const split = [tokens('output_text', 1), tokens('output_text', 2)];
  expect(checkDisjoint(split, { inputTokens: 0, outputTokens: 3, totalTokens: 3 })).toBe('sum_mismatch');
});

test.each([
  ['negative', tokens('output_text', -1)],
  ['impossibly large', tokens('output_text', 100_000_001)],
  ['half a token', { meter: 'output_text', quantityMicro: 500_000n } as const],
  ['negative seconds', { meter: 'transcription_seconds', quantityMicro: -1n } as const],
])('a quantity that cannot be is out of range: %s', (_name, quantity) => {
  expect(checkDisjoint([quantity], { inputTokens: null, outputTokens: null, totalTokens: null })).toBe('out_of_range');
});

test('any split of totals over the meters is accepted, and any one token more or less is not', () => {
  const meters = Object.keys(METERS).filter((name): name is Meter => name.startsWith('input_'));
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: 100_000 }), { minLength: 6, maxLength: 6 }),
      fc.constantFrom(-1, 1),
      (counts, off) => {
        const quantities = meters.map((meter, index) => tokens(meter, counts[index] ?? 0));
        const inputTokens = counts.reduce((sum, each) => sum + each, 0);
        const totals = { inputTokens, outputTokens: 0, totalTokens: inputTokens };
        expect(checkDisjoint(quantities, totals)).toBeNull();
        expect(checkDisjoint(quantities, { ...totals, inputTokens: inputTokens + off })).toBe('sum_mismatch');
      },
    ),
  );
});

test.each([[-1], [1.5], [Number.NaN], [2 ** 53], [100_000_001], ['5'], [null], [undefined], [5n]])(
  'is no token count: %p',
  (count) => {
    expect(tokensMicro(count)).toBeNull();
  },
);

test.each([
  [0, 0n],
  [9.2, 9_200_000n],
  [0.1 + 0.2, 300_000n],
  [1e-7, 0n],
  [999_999.999999, 999_999_999_999n],
])('seconds keep six decimals: %p', (seconds, micro) => {
  expect(secondsMicro(seconds)).toBe(micro);
});

test.each([[-0.1], [Number.POSITIVE_INFINITY], [Number.NaN], ['1'], [null], [1_000_001]])(
  'is no number of seconds: %p',
  (seconds) => {
    expect(secondsMicro(seconds)).toBeNull();
  },
);

test('quantities are written as plain decimals', () => {
  expect([132_000_000n, 9_200_000n, 1n, 0n, -1_500_000n].map(formatQuantity)).toEqual([
    '132',
    '9.2',
    '0.000001',
    '0',
    '-1.5',
  ]);
});
