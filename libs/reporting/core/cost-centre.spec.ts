import { mintId } from '@trunkline/kernel';
import { CostCentreInput, costCentreOf, type CostCentreAssignment } from './cost-centre.js';

const tenantId = mintId('tnt', 1, (n) => new Uint8Array(n));
const keyId = mintId('key', 1, (n) => new Uint8Array(n));
const from = (effectiveFrom: string, code: string | null, key: typeof keyId | null = null): CostCentreAssignment => ({
  tenantId,
  keyId: key,
  code,
  effectiveFrom,
});
const on = (day: string, assignments: readonly CostCentreAssignment[]) =>
  costCentreOf(assignments, { tenantId, keyId, day });

describe('a cost centre', () => {
  it('is the latest one assigned by that day, so that a move in the middle of a month splits it', () => {
    const moved = [from('2026-01-01', 'A'), from('2026-11-16', 'B')];
    expect(on('2026-11-15', moved)).toBe('A');
    expect(on('2026-11-16', moved)).toBe('B');
    expect(on('2025-12-31', moved)).toBeNull();
  });

  it("is the key's own before its tenant's, until the key is taken out again", () => {
    const own = [from('2026-01-01', 'A'), from('2026-02-01', 'K', keyId), from('2026-03-01', null, keyId)];
    expect([on('2026-01-31', own), on('2026-02-01', own), on('2026-03-01', own)]).toEqual(['A', 'K', 'A']);
  });

  it('is the one said last where a day was assigned twice', () => {
    expect(on('2026-11-16', [from('2026-11-16', 'A'), from('2026-11-16', 'B')])).toBe('B');
  });

  it("is never another tenant's", () => {
    const other = mintId('tnt', 2, (n) => new Uint8Array(n));
    expect(on('2026-11-16', [{ ...from('2026-01-01', 'A'), tenantId: other }])).toBeNull();
  });

  it.each(['=1+1', '+A', '-A', '@A', '\tA', '', 'A B', 'unassigned', 'Rounding', 'x'.repeat(33)])(
    'is refused with the code %j',
    (code) => {
      expect(CostCentreInput.safeParse({ code, name: 'n', owner: 'o', glAccount: '1' }).success).toBe(false);
    },
  );

  it.each(['=HYPERLINK("x")', '+cmd', '-2', '@SUM', '＝1', 'a\u202eb', ''])('is refused with the name %j', (name) => {
    expect(CostCentreInput.safeParse({ code: 'CC-1', name, owner: 'o', glAccount: '1' }).success).toBe(false);
    expect(CostCentreInput.safeParse({ code: 'CC-1', name: 'n', owner: name, glAccount: '1' }).success).toBe(false);
  });
});
