import { trustedId } from '@trunkline/kernel';
import { reviewItemOf } from '@trunkline/metering';
import { aFinding, FOUND_AT_MS, storeFindings } from '../../../../test/support/findings.js';
import { startTestPostgres, type TestPostgres } from '../../../../test/support/postgres.js';

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startTestPostgres();
}, 60_000);
afterAll(() => postgres.stop());

describe('findings in PostgreSQL', () => {
  it('are stored once however often they are delivered, and open one item for what they are about', async () => {
    const [first, second] = [aFinding({ itemId: 'item_twice' }), aFinding({ itemId: 'item_twice', hook: 'other' })];
    await storeFindings(postgres.db, [first, first, second]);
    await storeFindings(postgres.db, [second]);
    const id = reviewItemOf(first) ?? '';
    expect(await postgres.db.moderationFinding.count({ where: { reviewItemId: id } })).toBe(2);
    expect(await postgres.db.reviewItem.findMany({ where: { id } })).toMatchObject([
      { state: 'open', itemId: 'item_twice' },
    ]);
  });

  it('leave an item as it was decided', async () => {
    const finding = aFinding({ itemId: 'item_decided' });
    const id = reviewItemOf(finding) ?? '';
    await storeFindings(postgres.db, [finding]);
    const decided = { state: 'decided', decision: 'dismiss', decidedAt: new Date() };
    await postgres.db.reviewItem.update({ where: { id }, data: decided });
    await storeFindings(postgres.db, [finding, aFinding({ itemId: 'item_decided' })]);
    expect(await postgres.db.reviewItem.findUnique({ where: { id } })).toMatchObject({ state: 'decided' });
  });

  it('open nothing where nobody has to look: dry runs, redactions', async () => {
    const late = aFinding({ dryRun: true, failure: 'late' });
    const quiet = [aFinding({ dryRun: true }), late, aFinding({ action: 'redact' })];
    await storeFindings(postgres.db, quiet);
    const ids = quiet.map(({ id }) => id);
    const stored = await postgres.db.moderationFinding.findMany({ where: { id: { in: ids } } });
    expect(stored.map(({ reviewItemId }) => reviewItemId)).toEqual([null, null, null]);
  });

  it('open one item an hour for what of a session could not be judged, apart from what was found', async () => {
    const sessionId = trustedId('ses', 'ses_unjudged');
    const at = FOUND_AT_MS;
    const found = [
      aFinding({ sessionId, failure: 'late', action: 'block' }),
      aFinding({ sessionId, failure: 'resting', action: 'pass', itemId: 'item_2', occurredAtMs: at + 1 }),
      aFinding({ sessionId }),
      aFinding({ sessionId, failure: 'late', occurredAtMs: at + 3_600_000 }),
    ];
    await storeFindings(postgres.db, found);
    const ids = found.map(reviewItemOf);
    expect(ids[0]).toBe(ids[1]);
    expect(new Set(ids).size).toBe(3);
    expect(await postgres.db.reviewItem.count({ where: { sessionId } })).toBe(3);
  });

  it('cannot be changed or taken away, nor what an item is about', async () => {
    const finding = aFinding({ itemId: 'item_kept' });
    await storeFindings(postgres.db, [finding]);
    const { db } = postgres;
    await expect(db.$executeRaw`UPDATE moderation_finding SET action = 'pass'`).rejects.toThrow();
    await expect(db.$executeRaw`DELETE FROM moderation_finding`).rejects.toThrow();
    await expect(db.$executeRaw`UPDATE review_item SET session_id = 'other'`).rejects.toThrow(/only state/);
    await expect(db.$executeRaw`DELETE FROM review_item`).rejects.toThrow();
  });

  it('are stored with texts that a database cannot hold', async () => {
    const strange = aFinding({ itemId: 'a\u0000b\ud800c', categories: [{ category: 'x\u0000', score: 0.5 }] });
    await storeFindings(postgres.db, [strange]);
    const stored = await postgres.db.moderationFinding.findUnique({ where: { id: strange.id } });
    expect(stored).toMatchObject({ itemId: 'a\ufffdb\ufffdc', categories: [{ category: 'x\ufffd', score: 0.5 }] });
  });
});
