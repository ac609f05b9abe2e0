import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { displayOf, isWellFormedKey, keyHasher, mintKey } from './api-key.js';

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

describe('an API key', () => {
  it('has a prefix, 160 random bits and a checksum, and is well-formed', () => {
    for (let i = 0; i < 100; i++) {
      const key = mintKey(randomBytes);
      expect(key).toMatch(/^tl_[0-9a-hjkmnp-tv-z]{39}$/);
      expect(isWellFormedKey(key)).toBe(true);
    }
  });

  it('differs from every other', () => {
    expect(new Set(Array.from({ length: 5_000 }, () => mintKey(randomBytes))).size).toBe(5_000);
  });

  it('keeps its text for ever: keys in use stay valid', () => {
    const key = mintKey((n) => Uint8Array.from({ length: n }, (_, i) => i));
    expect(key).toBe(FROZEN);
    expect(isWellFormedKey(FROZEN)).toBe(true);
  });

  it('with any one character changed is not well-formed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 3, max: 41 }), fc.integer({ min: 1, max: 31 }), (place, shift) => {
        const key = mintKey(randomBytes);
        const other = ALPHABET.charAt((ALPHABET.indexOf(key.charAt(place)) + shift) % 32);
        // The last character carries three bits only, so not all of its 32 forms are written by anybody.
        expect(isWellFormedKey(key.slice(0, place) + other + key.slice(place + 1))).toBe(false);
      }),
    );
  });

  it('with two neighbours swapped is not well-formed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 3, max: 40 }), (place) => {
        const key = mintKey(randomBytes);
        const swapped = key.slice(0, place) + key.charAt(place + 1) + key.charAt(place) + key.slice(place + 2);
        expect(isWellFormedKey(swapped)).toBe(swapped === key);
      }),
    );
  });

  it('is nothing else that anybody might send', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => !isWellFormedKey(text)));
    const key = mintKey(randomBytes);
    for (const text of ['', ' ', 'sk-proj-abc', key.toUpperCase(), ` ${key}`, `${key}\n`, `${key}0`, key.slice(0, -1)])
      expect(isWellFormedKey(text)).toBe(false);
  });

  it('shows only its prefix and last four characters', () => {
    const key = mintKey(randomBytes);
    expect(displayOf(key)).toEqual({ prefix: 'tl_', last4: key.slice(-4) });
  });
});

describe('the key hasher', () => {
  it('gives 64 hex digits that depend on key and pepper', () => {
    const [a, b] = [keyHasher('pepper one, long enough'), keyHasher('pepper two, long enough')];
    expect(a(FROZEN)).toMatch(/^[0-9a-f]{64}$/);
    expect(a(FROZEN)).toBe(a(FROZEN));
    expect(a(FROZEN)).not.toBe(b(FROZEN));
    expect(a(FROZEN)).not.toBe(a(`${FROZEN}0`));
  });

  it.each(['', ' ', 'fifteen bytes..'])('refuses the pepper "%s"', (pepper) => {
    expect(() => keyHasher(pepper)).toThrow('the key pepper must have at least 16 bytes');
  });
});

const FROZEN = 'tl_000g40r40m30e209185gr38e1w8124gkzj7qakr';
