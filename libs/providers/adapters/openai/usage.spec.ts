import fc from 'fast-check';
import { readResponseUsage, readTranscriptionUsage } from './usage.js';

interface Counts {
  text: number;
  audio: number;
  image: number;
  cachedText: number;
  cachedAudio: number;
  cachedImage: number;
  outText: number;
  outAudio: number;
}

const usageOf = (c: Counts) => ({
  total_tokens: c.text + c.audio + c.image + c.outText + c.outAudio,
  input_tokens: c.text + c.audio + c.image,
  output_tokens: c.outText + c.outAudio,
  input_token_details: {
    text_tokens: c.text,
    audio_tokens: c.audio,
    image_tokens: c.image,
    cached_tokens: c.cachedText + c.cachedAudio + c.cachedImage,
    cached_tokens_details: { text_tokens: c.cachedText, audio_tokens: c.cachedAudio, image_tokens: c.cachedImage },
  },
  output_token_details: { text_tokens: c.outText, audio_tokens: c.outAudio },
});

const sample: Counts = {
  text: 119,
  audio: 13,
  image: 0,
  cachedText: 64,
  cachedAudio: 0,
  cachedImage: 0,
  outText: 30,
  outAudio: 91,
};

const meters = (usage: unknown) =>
  Object.fromEntries(readResponseUsage(usage).quantities.map((q) => [q.meter, Number(q.quantityMicro / 1_000_000n)]));

describe('response usage', () => {
  it('takes cached tokens out of the uncached meters (the sample of the API reference)', () => {
    expect(meters(usageOf(sample))).toEqual({
      input_text: 55,
      input_text_cached: 64,
      input_audio: 13,
      output_text: 30,
      output_audio: 91,
    });
  });

  it('tells tokens that were written to the cache from the uncached text, where the vendor says so', () => {
    const usage = usageOf(sample);
    const written = (cache_write_tokens: number) =>
      meters({ ...usage, input_token_details: { ...usage.input_token_details, cache_write_tokens } });
    expect(written(50)).toEqual({ ...meters(usage), input_text: 5, input_text_cache_written: 50 });
    // More than there is of text: of something else, which has no meter.
    expect(written(60)).toEqual(meters(usage));
  });

  it('gives disjoint meters whose sum is the total, whatever the counts', () => {
    const count = fc.nat(1_000_000);
    const part = count.chain((whole) => fc.record({ whole: fc.constant(whole), cached: fc.nat(whole) }));
    fc.assert(
      fc.property(fc.record({ text: part, audio: part, image: part, outText: count, outAudio: count }), (drawn) => {
        const { text, audio, image, outText, outAudio } = drawn;
        const usage = usageOf({
          text: text.whole,
          audio: audio.whole,
          image: image.whole,
          cachedText: text.cached,
          cachedAudio: audio.cached,
          cachedImage: image.cached,
          outText,
          outAudio,
        });
        const sum = readResponseUsage(usage).quantities.reduce((total, q) => total + q.quantityMicro, 0n);
        expect(sum).toBe(BigInt(usage.total_tokens) * 1_000_000n);
      }),
    );
  });

  it('attributes cached tokens that are not itemised to text first and calls the report estimated', () => {
    const usage = usageOf({ ...sample, text: 10, cachedText: 12 });
    const read = readResponseUsage({
      ...usage,
      input_token_details: { ...usage.input_token_details, cached_tokens_details: undefined },
    });
    expect(read.evidence).toBe('estimated');
    expect(Object.fromEntries(read.quantities.map((q) => [q.meter, q.quantityMicro / 1_000_000n]))).toMatchObject({
      input_text_cached: 10n,
      input_audio_cached: 2n,
      input_audio: 11n,
    });
  });

  it.each([
    ['no usage', undefined, 'usage_missing'],
    ['null usage', null, 'usage_missing'],
    ['a total that does not add up', { ...usageOf(sample), total_tokens: 1 }, 'sum_mismatch'],
    ['more cached than there is', usageOf({ ...sample, cachedText: 120 }), 'sum_mismatch'],
    ['a negative count', usageOf({ ...sample, outText: -1 }), 'out_of_range'],
    ['an absurd count', usageOf({ ...sample, outText: 2e9 }), 'out_of_range'],
    ['fractions', usageOf({ ...sample, outText: 1.5 }), 'unknown_shape'],
    ['text', 'lots', 'unknown_shape'],
  ])('parks %s instead of guessing', (_name, usage, problem) => {
    expect(readResponseUsage(usage)).toMatchObject({ quantities: [], problem });
  });

  it('reads a failed response as no use at all', () => {
    const zeros = { ...sample, text: 0, audio: 0, cachedText: 0, outText: 0, outAudio: 0 };
    expect(readResponseUsage(usageOf(zeros))).toEqual({ quantities: [], evidence: 'reported', problem: null });
  });
});

describe('transcription usage', () => {
  it('reads tokens by modality', () => {
    const read = readTranscriptionUsage({
      type: 'tokens',
      total_tokens: 22,
      input_tokens: 13,
      input_token_details: { text_tokens: 0, audio_tokens: 13 },
      output_tokens: 9,
    });
    expect(read).toEqual({
      quantities: [
        { meter: 'transcription_input_audio', quantityMicro: 13_000_000n },
        { meter: 'transcription_output_text', quantityMicro: 9_000_000n },
      ],
      evidence: 'reported',
      problem: null,
    });
  });

  it('reads seconds to the millionth', () => {
    expect(readTranscriptionUsage({ type: 'duration', seconds: 2.345 }).quantities).toEqual([
      { meter: 'transcription_seconds', quantityMicro: 2_345_000n },
    ]);
  });

  it('parks what it cannot add up', () => {
    expect(readTranscriptionUsage(undefined).problem).toBe('usage_missing');
    expect(readTranscriptionUsage({ type: 'duration', seconds: -1 }).problem).toBe('out_of_range');
    expect(readTranscriptionUsage({ type: 'bytes' }).problem).toBe('unknown_shape');
    expect(
      readTranscriptionUsage({ type: 'tokens', total_tokens: 22, input_tokens: 13, output_tokens: 8 }).problem,
    ).toBe('sum_mismatch');
  });
});
