import fc from 'fast-check';
import { openBytes, SEAL_KEY_BYTES, sealBytes } from './seal.js';

const KEY = Buffer.alloc(SEAL_KEY_BYTES, 3);
const AS = 'finding mfd_a';
const SEVENS = (n: number): Buffer => Buffer.alloc(n, 7);
const FROZEN = Buffer.from('BwcHBwcHBwcHBwcH6y5xdwvm-AqFv38K-ovOx3Jfq9lxBg', 'base64url');

describe('sealed bytes', () => {
  it('open to what was sealed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.string(), (plain, as) => {
        const sealed = sealBytes(plain, { key: KEY, as }, SEVENS);
        expect(openBytes(sealed, { key: KEY, as })).toEqual(Buffer.from(plain));
      }),
    );
  });

  it('keep the layout of earlier releases, for ever', () => {
    expect(sealBytes(Buffer.from('frozen'), { key: KEY, as: AS }, SEVENS)).toEqual(FROZEN);
    expect(openBytes(FROZEN, { key: KEY, as: AS })?.toString()).toBe('frozen');
  });

  it('open with no other key, as nothing else, and not in part', () => {
    expect(openBytes(FROZEN, { key: Buffer.alloc(SEAL_KEY_BYTES, 4), as: AS })).toBeNull();
    expect(openBytes(FROZEN, { key: Buffer.alloc(0), as: AS })).toBeNull();
    expect(openBytes(FROZEN, { key: KEY, as: 'finding mfd_b' })).toBeNull();
    for (let length = 0; length < FROZEN.length; length++)
      expect(openBytes(FROZEN.subarray(0, length), { key: KEY, as: AS })).toBeNull();
  });
});
