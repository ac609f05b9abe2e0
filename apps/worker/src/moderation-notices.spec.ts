import { createHmac } from 'node:crypto';
import { trustedId } from '@trunkline/kernel';
import type { ModerationFinding } from '@trunkline/metering';
import type { WebhookPoster } from '@trunkline/moderation/adapters/services';
import { openLog } from '@trunkline/platform/logging';
import { aFinding, storeFindings } from '../../../test/support/findings.js';
import { startTestPostgres, type TestPostgres } from '../../../test/support/postgres.js';
import { Notices } from './moderation-notices.js';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const DAY_MS = 86_400_000;
const NEVER = new AbortController().signal;

let postgres: TestPostgres;
let tenants = 0;
beforeAll(async () => {
  postgres = await startTestPostgres();
}, 60_000);
afterAll(() => postgres.stop());

type Sent = Parameters<WebhookPoster['post']>[0];

/** A worker that sees only what its own tenants have, and what it sends. */
function worker(answer: (sent: Sent) => number) {
  const sent: Sent[] = [];
  const world = { nowMs: Date.now() };
  const notices = new Notices({
    db: postgres.db,
    log: openLog('silent', process.stderr),
    clock: { nowMs: () => world.nowMs, monotonicMs: () => 0 },
    openSecret: (sealed) => (sealed === 'v1.ours' ? SECRET : null),
    poster: {
      post: (request) => {
        sent.push(request);
        return Promise.resolve({ status: answer(request), body: Buffer.alloc(0) });
      },
    },
  });
  return { notices, sent, world };
}

/** A tenant whose policy notifies a host of its own. */
async function tenantNotifying(secret = 'sealed:v1.ours') {
  const tenantId = trustedId('tnt', `tnt_notify_${++tenants}`);
  const { db } = postgres;
  await db.tenant.create({ data: { id: tenantId, slug: tenantId.replaceAll('_', '-'), name: 'T', status: 'active' } });
  const policy = { notify: { url: `https://${tenants}.example/told`, secret } };
  await db.moderationPolicy.create({ data: { tenantId, version: 1, policy, actor: 'test' } });
  const found = async (set: Partial<ModerationFinding> = {}) => {
    const finding = aFinding({ tenantId, then: ['notify'], ...set });
    await storeFindings(db, [finding]);
    return finding;
  };
  const outcomes = async () =>
    (await db.moderationAction.findMany({ where: { tenantId }, orderBy: { id: 'asc' } })).map(
      ({ subject, outcome }) => `${subject}: ${outcome}`,
    );
  return { tenantId, host: `${tenants}.example`, found, outcomes };
}

describe('a notice of a finding', () => {
  it('is signed, has no content, and is sent once', async () => {
    const tenant = await tenantNotifying();
    const finding = await tenant.found();
    const { notices, sent } = worker(() => 204);
    await notices.pass(NEVER);
    await notices.pass(NEVER);
    const ours = sent.filter(({ url }) => url.host === tenant.host);
    expect(ours).toHaveLength(1);
    const headers = ours[0]?.headers ?? {};
    const body = ours[0]?.body ?? '';
    const id = `msg_${finding.id}`;
    const expected = createHmac('sha256', Buffer.alloc(32, 7))
      .update(`${id}.${headers['webhook-timestamp']}.${body}`)
      .digest('base64');
    expect(headers).toMatchObject({ 'webhook-id': id, 'webhook-signature': `v1,${expected}` });
    expect(JSON.parse(body)).toMatchObject({
      type: 'moderation.finding',
      data: { finding_id: finding.id, hook: 'words', action: 'block', categories: [{ category: 'weapons', score: 1 }] },
    });
    expect(await tenant.outcomes()).toEqual([`${tenant.host}: told`]);
  });

  it('is sent again later when it was not taken, and nobody else waits for it', async () => {
    const [down, up] = [await tenantNotifying(), await tenantNotifying()];
    const finding = await down.found();
    await up.found();
    let isDown = true;
    const { notices, sent, world } = worker(({ url }) => (isDown && url.host === down.host ? 503 : 200));
    const tries = () => sent.filter(({ url }) => url.host === down.host);
    await notices.pass(NEVER);
    await notices.pass(NEVER);
    expect([tries().length, await up.outcomes()]).toEqual([1, [`${up.host}: told`]]);
    isDown = false;
    world.nowMs += 2_001;
    await notices.pass(NEVER);
    expect(tries().map(({ headers }) => headers['webhook-id'])).toEqual([`msg_${finding.id}`, `msg_${finding.id}`]);
    expect(await down.outcomes()).toEqual([`${down.host}: told`]);
  });

  it('is given up after a day', async () => {
    const tenant = await tenantNotifying();
    await tenant.found();
    const { notices, world } = worker(() => 500);
    world.nowMs += DAY_MS + 60_000;
    await notices.pass(NEVER);
    expect(await tenant.outcomes()).toEqual(['given up: answered 500']);
  });

  it("waits while its secret cannot be opened, and is nobody's when the policy notifies nobody any more", async () => {
    const [sealed, gone] = [await tenantNotifying('sealed:v1.theirs'), await tenantNotifying()];
    await sealed.found();
    await gone.found();
    const data = { tenantId: gone.tenantId, version: 2, policy: { notify: null }, actor: 'test' };
    await postgres.db.moderationPolicy.create({ data });
    const { notices, sent } = worker(() => 200);
    await notices.pass(NEVER);
    expect(sent.filter(({ url }) => [sealed.host, gone.host].includes(url.host))).toEqual([]);
    expect(await sealed.outcomes()).toEqual([]);
    expect(await gone.outcomes()).toEqual(['nobody: its policy notifies nobody any more']);
  });
});
