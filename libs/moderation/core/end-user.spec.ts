import { trustedId } from '@trunkline/kernel';
import { endUserHasher } from './end-user.js';

const [A, B] = [trustedId('tnt', 'tnt_a'), trustedId('tnt', 'tnt_b')];
const hash = endUserHasher('a pepper for tests');

describe('the hash of an end user', () => {
  it('is the same in every process, and shows nothing of the name', () => {
    expect(endUserHasher('a pepper for tests')(A, 'ana@example.com')).toBe(hash(A, 'ana@example.com'));
    expect(hash(A, 'ana@example.com')).toMatch(/^eu_[A-Za-z0-9_-]{43}$/);
  });

  it('differs by tenant, name and installation', () => {
    const hashes = [hash(A, 'ana'), hash(B, 'ana'), hash(A, 'bea'), endUserHasher('another pepper')(A, 'ana')];
    expect(new Set(hashes).size).toBe(hashes.length);
  });
});
