import { describe, expect, test } from '@jest/globals';
import { decodeAlaw, decodeUlaw, encodeAlaw, encodeUlaw } from './g711.js';

const ALL_SAMPLES = Array.from({ length: 65_536 }, (_, i) => i - 32_768);
const ALL_CODES = Array.from({ length: 256 }, (_, i) => i);

describe('G.711', () => {
  // ITU-T G.711 tables 1 and 2, in the 16-bit scale of the reference implementation.
  test.each([
    [0, 0xff],
    [32_767, 0x80],
    [-32_768, 0x00],
    [1000, 0xce],
    [-1000, 0x4e],
  ])('mu-law encodes %i as the reference does', (sample, code) => {
    expect(encodeUlaw(sample)).toBe(code);
  });

  test.each([
    [0, 0xd5],
    [-1, 0x55],
    [32_767, 0xaa],
    [-32_768, 0x2a],
    [1000, 0xfa],
  ])('A-law encodes %i as the reference does', (sample, code) => {
    expect(encodeAlaw(sample)).toBe(code);
  });

  test.each([
    ['mu-law', encodeUlaw, decodeUlaw],
    ['A-law', encodeAlaw, decodeAlaw],
  ])('%s keeps each code through a decode and an encode', (_law, encode, decode) => {
    const kept = ALL_CODES.filter((code) => encode(decode(code)) === code);
    // Mu-law has two zeros; the negative one comes back as the positive one.
    expect(kept.length).toBeGreaterThanOrEqual(255);
  });

  test.each([
    ['mu-law', encodeUlaw, decodeUlaw],
    ['A-law', encodeAlaw, decodeAlaw],
  ])('%s loses at most a sixteenth of a sample, and rises with it', (_law, encode, decode) => {
    const heard = ALL_SAMPLES.map((sample) => decode(encode(sample)));
    const lossy = ALL_SAMPLES.filter((sample, i) => {
      const loss = Math.abs((heard[i] ?? 0) - sample);
      return loss > Math.max(16, Math.abs(sample) / 16 + 4);
    });
    expect(lossy).toEqual([]);
    expect(heard.filter((value, i) => value < (heard[i - 1] ?? -Infinity))).toEqual([]);
  });
});
