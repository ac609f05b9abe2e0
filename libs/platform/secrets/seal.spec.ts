import fc from 'fast-check';
import { secretSeal } from './seal.js';

const PEPPER = 'a pepper only for tests';
const { seal, open } = secretSeal(PEPPER);

describe('a sealed secret', () => {
  it('opens to what was sealed, in another process too', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), fc.string(), (secret, owner) => {
        expect(secretSeal(PEPPER).open(seal(secret, owner), owner)).toBe(secret);
      }),
    );
  });

  it('opens what earlier releases sealed, for ever', () => {
    expect(open(FROZEN, 'pool_a')).toBe('sk-frozen');
  });

  it('does not show the secret, nor that two are the same', () => {
    const sealed = seal('sk-upstream', 'pool_a');
    expect(sealed).toMatch(/^v1\.[A-Za-z0-9_-]{40,}$/);
    expect(Buffer.from(sealed.slice(3), 'base64url').toString('latin1')).not.toContain('sk-upstream');
    expect(seal('sk-upstream', 'pool_a')).not.toBe(sealed);
  });

  it('does not open for another owner or under another pepper', () => {
    const sealed = seal('sk-upstream', 'pool_a');
    expect(open(sealed, 'pool_b')).toBeNull();
    expect(secretSeal('another pepper for tests').open(sealed, 'pool_a')).toBeNull();
  });

  it('does not open when any one bit of it is another', () => {
    const bytes = Buffer.from(FROZEN.slice(3), 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(open(`v1.${changed.toString('base64url')}`, 'pool_a')).toBeNull();
    }
  });

  it.each(['', 'v1.', 'v1.AAAA', 'sk-plain', `v2.${'A'.repeat(60)}`, `v1.${'A'.repeat(60)}`])(
    'is not what was never sealed: %j',
    (text) => expect(open(text, 'pool_a')).toBeNull(),
  );

  it('needs a pepper that cannot be guessed', () => {
    expect(() => secretSeal('')).toThrow('at least 16 bytes');
  });
});

const FROZEN = 'v1.BwcHBwcHBwcHBwcHLERnIhtZX9iDEh4HG9VO9QrQ4v1xTIhx3Q';
