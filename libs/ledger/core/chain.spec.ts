import fc from 'fast-check';
import { ChainWalk, EMPTY_CHAIN, linkAfter, type BookedRow } from './chain.js';

const row = (sequence: number, over: Partial<BookedRow> = {}): BookedRow => ({
  tenantId: 'tnt_1',
  period: '2026-11',
  sequence: BigInt(sequence),
  id: `txn_${sequence}`,
  kind: 'usage',
  revision: 0,
  purpose: 'tenant_charge',
  usageEventId: 'use_1',
  correctsId: null,
  sessionId: 'ses_1',
  keyId: 'key_1',
  poolId: 'pool_1',
  model: 'gpt-realtime',
  evidence: 'reported',
  occurredAtMs: 1_795_000_000_000,
  usagePeriod: '2026-11',
  currency: 'USD',
  total: '0.0104',
  reason: null,
  actor: null,
  postedAtMs: 1_795_000_000_001,
  entries: [
    { accountId: 'a', amount: '0.0104' },
    { accountId: 'b', amount: '-0.0104' },
  ],
  lines: [
    { meter: 'input_text', quantity: '1000', priceVersionId: 'pv_1', amount: '0.004' },
    { meter: 'output_audio', quantity: '100', priceVersionId: 'pv_2', amount: '0.0064' },
  ],
  ...over,
});
const chain = (rows: readonly BookedRow[]) => {
  let previous = EMPTY_CHAIN.hash;
  return rows.map((each) => ({ row: each, hash: (previous = linkAfter(previous, each)) }));
};
const firstBreak = (links: ReturnType<typeof chain>) => {
  const walk = new ChainWalk();
  for (const { row: each, hash } of links) {
    const found = walk.step(each, hash);
    if (found) return found;
  }
  return null;
};

describe('the chain', () => {
  it('never changes the text of a row: this one has the same hash for ever', () => {
    expect(linkAfter(EMPTY_CHAIN.hash, row(1))).toBe(
      '436b32730065e271439c5b363075ae39c4f0f7da3340d90fd8fc0fa191d08f70',
    );
  });

  it('breaks at the row of which anything was changed', () => {
    const changes: Partial<BookedRow>[] = [
      ...[{ id: 'x' }, { kind: 'credit' }, { revision: 1 }, { purpose: 'provider_cost' }, { usageEventId: null }],
      ...[{ correctsId: 'x' }, { sessionId: 'x' }, { keyId: 'x' }, { poolId: 'x' }, { model: 'x' }, { actor: 'x' }],
      ...[{ evidence: 'estimated' }, { occurredAtMs: 0 }, { currency: 'EUR' }, { total: '0' }, { reason: 'x' }],
      ...[{ postedAtMs: 0 }, { tenantId: 'x' }, { lines: row(1).lines.slice(1) }, { entries: [] }],
      { usagePeriod: '2026-10' },
      { entries: row(1).entries.map((each) => ({ ...each, amount: '1' })) },
      { lines: row(1).lines.map((each) => ({ ...each, priceVersionId: 'pv_9' })) },
    ];
    const links = chain([1, 2, 3].map((n) => row(n)));
    for (const change of changes) {
      const changed = links.map((link, i) => (i === 1 ? { ...link, row: { ...link.row, ...change } } : link));
      expect(firstBreak(changed)?.sequence).toBe(2n);
    }
  });

  it('does not mind in which order entries and lines are read', () => {
    const turned = row(1, { entries: [...row(1).entries].reverse(), lines: [...row(1).lines].reverse() });
    expect(linkAfter(EMPTY_CHAIN.hash, turned)).toBe(linkAfter(EMPTY_CHAIN.hash, row(1)));
  });

  it('breaks where rows were removed, moved or added', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 8 }),
        fc.nat(),
        fc.constantFrom('remove', 'swap', 'repeat'),
        (n, k, how) => {
          const links = chain(Array.from({ length: n }, (_, i) => row(i + 1)));
          const at = k % (n - 1);
          const pair = links.slice(at, at + 2);
          const instead = how === 'remove' ? pair.slice(1) : how === 'swap' ? [...pair].reverse() : [...pair, ...pair];
          const changed = [...links.slice(0, at), ...instead, ...links.slice(at + 2)];
          expect(firstBreak(links)).toBeNull();
          expect(firstBreak(changed)?.sequence).toBe(BigInt(how === 'repeat' ? at + 3 : at + 1));
        },
      ),
    );
  });

  it('notices that its end is missing', () => {
    const links = chain([1, 2].map((n) => row(n)));
    const walk = new ChainWalk();
    walk.step(row(1), links[0]?.hash ?? '');
    expect(walk.end({ sequence: 2n, hash: links[1]?.hash ?? '' })).toMatchObject({ sequence: 2n, id: null });
    walk.step(row(2), links[1]?.hash ?? '');
    expect(walk.end({ sequence: 2n, hash: links[1]?.hash ?? '' })).toBeNull();
  });

  it('holds no two rows with the same text', () => {
    const texts = fc.string({ unit: 'binary', maxLength: 4 });
    fc.assert(
      fc.property(fc.tuple(texts, texts), fc.tuple(texts, texts), ([a, b], [c, d]) => {
        const one = linkAfter(EMPTY_CHAIN.hash, row(1, { model: a, reason: b }));
        const other = linkAfter(EMPTY_CHAIN.hash, row(1, { model: c, reason: d }));
        expect(one === other).toBe(a.toWellFormed() === c.toWellFormed() && b.toWellFormed() === d.toWellFormed());
      }),
    );
  });
});
