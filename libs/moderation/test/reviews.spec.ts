import { trustedId, type ReviewItemId } from '@trunkline/kernel';
import { reviewItemOf, type ModerationFinding } from '@trunkline/metering';
import type { ReviewStep } from '@trunkline/moderation';
import {
  findReviewItem,
  listReviewItems,
  reviewDepth,
  reviewStatistics,
  stepReview,
} from '@trunkline/moderation/adapters/prisma';
import { aFinding, FOUND_AT_MS, storeFindings } from '../../../test/support/findings.js';
import { startTestPostgres, type TestPostgres } from '../../../test/support/postgres.js';

let postgres: TestPostgres;
let tenants = 0;
beforeAll(async () => {
  postgres = await startTestPostgres();
}, 60_000);
afterAll(() => postgres.stop());

const ALL = { state: null, after: null, limit: 100 };
const DECIDE = { kind: 'decide', decision: 'dismiss', again: false } as const;

/** A tenant of its own with these findings, each in an item of its own unless told. */
async function tenantWith(...found: Partial<ModerationFinding>[]) {
  const tenantId = trustedId('tnt', `tnt_${++tenants}`);
  const sessionId = trustedId('ses', `ses_${tenants}`);
  const at = (i: number) => ({ itemId: `item_${i}`, occurredAtMs: FOUND_AT_MS + i });
  const findings = found.map((set, i) => aFinding({ tenantId, sessionId, ...at(i), ...set }));
  await storeFindings(postgres.db, findings);
  const ids = findings.map((finding) => reviewItemOf(finding) ?? trustedId('mri', 'none'));
  const step = (id: ReviewItemId, taken: ReviewStep, note: string | null = null, actor = 'ana') =>
    stepReview(postgres.db, tenantId, id, { step: taken, actor, note, atMs: FOUND_AT_MS + 60_000 });
  return { tenantId, ids, step, first: ids[0] ?? trustedId('mri', 'none') };
}

describe('the review queue', () => {
  it('lists what waits, the oldest first, page by page', async () => {
    const { tenantId, ids } = await tenantWith({}, {}, {});
    const listed = await listReviewItems(postgres.db, tenantId, ALL);
    expect(listed.map(({ id }) => id)).toEqual(ids);
    expect(listed[0]).toMatchObject({ state: 'open', actions: ['block'], categories: ['weapons'] });
    const rest = await listReviewItems(postgres.db, tenantId, { ...ALL, after: listed[0]?.id ?? null, limit: 1 });
    expect(rest.map(({ id }) => id)).toEqual([ids[1]]);
  });

  it('keeps each step with who took it, when, and how the item stood before and after', async () => {
    const { tenantId, first, step } = await tenantWith({ hook: 'a' }, { hook: 'b', itemId: 'item_0' });
    await step(first, { kind: 'assign', assignee: 'bea' });
    await step(first, { kind: 'note' }, 'looks like a quotation');
    await step(first, DECIDE, 'a film title', 'bea');
    const found = await findReviewItem(postgres.db, tenantId, first);
    expect(found?.item).toMatchObject({ state: 'decided', decision: 'dismiss', assignee: 'bea' });
    expect(found?.findings.map(({ hook }) => hook)).toEqual(['a', 'b']);
    const open = { state: 'open', assignee: null, decision: null };
    const assigned = { ...open, state: 'assigned', assignee: 'bea' };
    const at = new Date(FOUND_AT_MS + 60_000);
    expect(found?.events).toEqual([
      { kind: 'assign', actor: 'ana', at, before: open, after: assigned, note: null },
      { kind: 'note', actor: 'ana', at, before: assigned, after: assigned, note: 'looks like a quotation' },
      {
        ...{ kind: 'decide', actor: 'bea', at, note: 'a film title' },
        ...{ before: assigned, after: { ...assigned, state: 'decided', decision: 'dismiss' } },
      },
    ]);
    expect(await listReviewItems(postgres.db, tenantId, ALL)).toEqual([]);
    await expect(postgres.db.$executeRaw`DELETE FROM review_event`).rejects.toThrow();
  });

  it('shows nothing of another tenant, and takes no step for one', async () => {
    const [mine, theirs] = [await tenantWith({}), await tenantWith({})];
    expect(await findReviewItem(postgres.db, mine.tenantId, theirs.first)).toBeNull();
    expect(await mine.step(theirs.first, DECIDE)).toMatchObject({ error: { code: 'item_not_found' } });
    expect(await findReviewItem(postgres.db, theirs.tenantId, theirs.first)).toMatchObject({ events: [] });
  });

  it('lets one of two reviewers decide who do it at once', async () => {
    const { first, step } = await tenantWith({});
    const outcomes = await Promise.all([step(first, DECIDE), step(first, { ...DECIDE, decision: 'uphold' })]);
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1);
    expect(outcomes.find(({ ok }) => !ok)).toMatchObject({ error: { code: 'does_not_hold' } });
  });

  it('refuses steps without a name or a word', async () => {
    const { first, step } = await tenantWith({});
    expect(await step(first, { kind: 'note' })).toMatchObject({ error: { code: 'invalid_input' } });
    expect(await step(first, DECIDE, 'x'.repeat(2_001))).toMatchObject({ error: { code: 'invalid_input' } });
    expect(await step(first, DECIDE, null, ' ')).toMatchObject({ error: { code: 'invalid_input' } });
  });

  it('counts by hook and category what people made of it', async () => {
    const { tenantId, ids, step } = await tenantWith({}, {}, { categories: [{ category: 'hate', score: 0.9 }] }, {});
    const [a, b, c] = ids;
    if (a === undefined || b === undefined || c === undefined) throw new Error('three items');
    await step(a, DECIDE);
    await step(b, { ...DECIDE, decision: 'uphold' });
    await step(c, { ...DECIDE, decision: 'escalate' });
    const range = { fromMs: FOUND_AT_MS - 1, toMs: FOUND_AT_MS + 1_000 };
    expect(await reviewStatistics(postgres.db, tenantId, range)).toEqual([
      {
        ...{ hook: 'words', category: 'hate', items: 1, upheld: 0, dismissed: 0, escalated: 1, waiting: 1 },
        dismissalRate: null,
      },
      {
        ...{ hook: 'words', category: 'weapons', items: 3, upheld: 1, dismissed: 1, escalated: 0, waiting: 1 },
        dismissalRate: 0.5,
      },
    ]);
    expect(await reviewStatistics(postgres.db, tenantId, { ...range, toMs: FOUND_AT_MS })).toEqual([]);
  });

  it('shows what could not be judged as that, with its cause, and counts it apart', async () => {
    const unjudged = { failure: 'late', categories: [] };
    const { tenantId, first } = await tenantWith(
      { ...unjudged, action: 'pass' },
      { ...unjudged, failure: 'failed' },
      {},
    );
    const listed = await listReviewItems(postgres.db, tenantId, ALL);
    expect(listed.map((item) => [item.unjudged, item.actions])).toEqual([
      [
        ['failed', 'late'],
        ['block', 'pass'],
      ],
      [[], ['block']],
    ]);
    const found = await findReviewItem(postgres.db, tenantId, first);
    expect(found?.findings.map(({ failure, itemId }) => [failure, itemId])).toEqual([
      ['late', 'item_0'],
      ['failed', 'item_1'],
    ]);
    const range = { fromMs: FOUND_AT_MS - 1, toMs: FOUND_AT_MS + 1_000 };
    const counted = await reviewStatistics(postgres.db, tenantId, range);
    expect(counted.map(({ category, items }) => [category, items])).toEqual([
      ['unjudged: failed', 1],
      ['unjudged: late', 1],
      ['weapons', 1],
    ]);
  });

  it('tells how long it is and how old', async () => {
    const before = await reviewDepth(postgres.db);
    const { first, step } = await tenantWith({ occurredAtMs: 0 }, {});
    await step(first, { kind: 'assign', assignee: 'bea' });
    const { open, assigned, oldestMs } = await reviewDepth(postgres.db);
    expect([open - before.open, assigned - before.assigned]).toEqual([1, 1]);
    expect(oldestMs).toBeGreaterThan(50 * 365 * 86_400_000);
  });
});
