import { randomBytes } from 'node:crypto';
import { mintedAtMs, mintId, parseId } from './ids.js';

describe('ids', () => {
  it('sort by the time they were minted', () => {
    const ids = [1, 2, 1_000, 1_795_000_000_000].map((ms) => mintId('ses', ms, randomBytes));
    expect([...ids].sort()).toEqual(ids);
  });

  it('tell when they were minted, and nothing else does', () => {
    for (const ms of [0, 1, 1_795_000_000_000]) expect(mintedAtMs(mintId('pool', ms, randomBytes))).toBe(ms);
    expect(() => mintedAtMs('ses_short')).toThrow(RangeError);
  });

  it('are read back only as their own kind', () => {
    const id = mintId('key', 1_795_000_000_000, randomBytes);
    expect(parseId('key', id)).toBe(id);
    expect(parseId('ses', id)).toBeNull();
    expect(parseId('key', `${id}x`)).toBeNull();
    expect(parseId('key', 'key_OOOO')).toBeNull();
  });
});
