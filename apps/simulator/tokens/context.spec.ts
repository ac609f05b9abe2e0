import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { cachedTokens, fitPrompt, promptTokens, type Segment } from './context.js';
import { totalOf, usageOf } from './usage.js';

const tokens = fc.record({ text: fc.nat(500), audio: fc.nat(500), image: fc.nat(500) });
const segment: fc.Arbitrary<Segment> = fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd'), tokens });
const prompt = fc.array(segment, { minLength: 1, maxLength: 12 });

describe('the prompt cache', () => {
  test('is a subset of the input by modality, and a multiple of 64', () => {
    fc.assert(
      fc.property(prompt, prompt, (previous, current) => {
        const cached = cachedTokens(previous, current);
        const input = promptTokens(current);
        expect(totalOf(cached) % 64).toBe(0);
        expect(cached.text).toBeLessThanOrEqual(input.text);
        expect(cached.audio).toBeLessThanOrEqual(input.audio);
        expect(cached.image).toBeLessThanOrEqual(input.image);
      }),
    );
  });

  test('of a prompt that only grew holds the whole earlier prompt but for the rounding', () => {
    fc.assert(
      fc.property(prompt, prompt, (earlier, added) => {
        const total = totalOf(promptTokens(earlier));
        const kept = totalOf(cachedTokens(earlier, [...earlier, ...added.map(renamed)]));
        expect(kept).toBe(total - (total % 64));
      }),
    );
  });

  test('ends at the first segment that changed', () => {
    const item = (key: string): Segment => ({ key, tokens: { text: 64, audio: 0, image: 0 } });
    const cached = cachedTokens([item('a'), item('b'), item('c')], [item('a'), item('x'), item('c')]);
    expect(totalOf(cached)).toBe(64);
  });
});

describe('a prompt that is too long', () => {
  test('keeps its instructions and its end, and fits', () => {
    fc.assert(
      fc.property(prompt, fc.integer({ min: 1, max: 4000 }), (segments, max) => {
        const fitted = fitPrompt(segments, max, 0.8);
        if (fitted === null) return;
        expect(totalOf(promptTokens(fitted))).toBeLessThanOrEqual(max);
        expect(fitted[0]).toBe(segments[0]);
        expect(fitted.at(-1)).toBe(segments.at(-1));
      }),
    );
  });
});

describe('the usage object', () => {
  test('adds up for any tokens', () => {
    fc.assert(
      fc.property(tokens, tokens, fc.nat(900), fc.nat(900), (input, cached, text, audio) => {
        const usage = usageOf(input, cached, { text, audio });
        expect(usage.total_tokens).toBe(usage.input_tokens + usage.output_tokens);
        expect(usage.input_tokens).toBe(totalOf(input));
        expect(usage.input_token_details.cached_tokens).toBe(totalOf(cached));
      }),
    );
  });
});

function renamed({ key, tokens: counted }: Segment): Segment {
  return { key: `new ${key}`, tokens: counted };
}
