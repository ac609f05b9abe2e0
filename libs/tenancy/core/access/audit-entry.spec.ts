import fc from 'fast-check';
import { auditLink, AuditWalk, canonical, EMPTY_AUDIT, recordedJson, type AuditEntry } from './audit-entry.js';

const entry = (sequence: bigint, parts: Partial<AuditEntry> = {}): AuditEntry => ({
  ...{ id: `aud_${sequence}`, sequence, atMs: 1_000 + Number(sequence), action: 'tenants:write', tenantId: null },
  ...{ actor: { kind: 'member', id: 'mbr_1', name: 'ann' }, origin: { ip: null, userAgent: null, requestId: null } },
  ...{ object: { kind: 'tenant', id: 'tnt_1' }, before: null, after: { name: 'Acme' }, ...parts },
});
const chain = (count: number) => {
  let hash = EMPTY_AUDIT.hash;
  return Array.from({ length: count }, (_, i) => {
    const each = entry(BigInt(i + 1));
    hash = auditLink(hash, each);
    return { entry: each, hash };
  });
};
const breakOf = (rows: ReturnType<typeof chain>, head = chain(4).at(-1)?.hash ?? '') => {
  const walk = new AuditWalk();
  for (const row of rows) {
    const broken = walk.step(row.entry, row.hash);
    if (broken) return broken.sequence;
  }
  return walk.end({ sequence: 4n, hash: head })?.sequence ?? null;
};

describe('the chain of the record', () => {
  it('holds as it was written', () => expect(breakOf(chain(4))).toBeNull());

  it('breaks where an entry is changed, missing, moved or cut off', () => {
    const changed = chain(4).map((row, i) =>
      i === 1 ? { ...row, entry: entry(2n, { after: { name: 'Acmf' } }) } : row,
    );
    expect(breakOf(changed)).toBe(2n);
    expect(breakOf(chain(4).filter((_, i) => i !== 2))).toBe(3n);
    expect(breakOf(chain(4).toReversed())).toBe(1n);
    expect(breakOf(chain(3))).toBe(4n);
  });

  it('breaks for a change of any part, also deep in what was changed', () => {
    const deep = (value: number) => ({ a: { b: { c: { d: { e: { f: { g: { h: { i: { j: value } } } } } } } } } });
    const base = auditLink(EMPTY_AUDIT.hash, entry(1n, { after: deep(1) }));
    const others: Partial<AuditEntry>[] = [
      ...[
        { after: deep(2) },
        { before: {} },
        { tenantId: 'tnt_2' },
        { action: 'keys:write' },
        { atMs: 1 },
        { id: 'x' },
      ],
      { actor: { kind: 'member', id: 'mbr_2', name: 'ann' } },
      { origin: { ip: '::1', userAgent: null, requestId: null } },
      { object: { kind: 'tenant', id: 'tnt_2' } },
    ];
    for (const other of others)
      expect(auditLink(EMPTY_AUDIT.hash, entry(1n, { after: deep(1), ...other }))).not.toBe(base);
  });
});

describe('what is recorded of a value', () => {
  it('is the same text whatever the order of its names, and as a database gives it back', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const json = recordedJson(value);
        expect(canonical(recordedJson(JSON.parse(JSON.stringify(json))))).toBe(canonical(json));
      }),
    );
    expect(canonical(recordedJson({ b: 1, a: 2 }))).toBe(canonical(recordedJson({ a: 2, b: 1 })));
  });

  it('holds no secret, wherever it stands', () => {
    const text = canonical(
      recordedJson({ key: { secret: 'tl_x', hmac: 'h' }, list: [{ token: 'tlat_x' }], name: 'n' }),
    );
    for (const each of ['tl_x', '"h"', 'tlat_x']) expect(text).not.toContain(each);
    expect(text).toContain('"name":"n"');
  });

  it('is bounded, and storable whatever was sent', () => {
    expect(recordedJson({ text: 'x'.repeat(40_000) })).toMatchObject({ tooLong: expect.any(Number) });
    expect(recordedJson('a\0b\uD800')).toBe('a\uFFFDb\uFFFD');
    expect(recordedJson({ n: 10n, at: new Date(0), none: undefined })).toEqual({
      n: '10',
      at: '1970-01-01T00:00:00.000Z',
    });
  });
});
