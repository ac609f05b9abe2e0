import { createHmac } from 'node:crypto';
import { trustedId } from '@trunkline/kernel';
import type { ModerationFinding } from '@trunkline/metering';
import { noticesStanding } from '@trunkline/moderation/adapters/prisma';
import type { WebhookPoster } from '@trunkline/moderation/adapters/services';
import { openLog } from '@trunkline/platform/logging';
import { aFinding, storeFindings } from '../../../test/support/findings.js';
import { startTestPostgres, type TestPostgres } from '../../../test/support/postgres.js';
import { eventually } from '../../../test/support/poll.js';
import { Notices } from './moderation-notices.js';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const DAY_MS = 86_400_000;
const NEVER = new AbortController().signal;

let postgres: TestPostgres;
let tenants = 0;
let minted = 0;
beforeAll(async () => {
  postgres = await startTestPostgres();
}, 60_000);
afterAll(() => postgres.stop());

type Sent = Parameters<WebhookPoster['post']>[0];

/** All that can be told now was. */
async function told(notices: Notices): Promise<void> {
  await notices.look(NEVER);
  await notices.settled();
}

/** A worker that sees only what its own tenants have, and what it sends. */
function worker(answer: (sent: Sent) => number | 'hangs') {
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
        const status = answer(request);
        if (status !== 'hangs') return Promise.resolve({ status, body: Buffer.alloc(0) });
        return new Promise((_resolve, reject) => {
          request.signal.addEventListener('abort', () => reject(new Error('nobody waits')), { once: true });
        });
      },
    },
  });
  return { notices, sent, world };
}

/** A tenant whose policy notifies a host of its own. */
async function tenantNotifying(secret = 'sealed:v1.ours', at?: string) {
  const host = at ?? `${++tenants}.example`;
  const tenantId = trustedId('tnt', `tnt_notify_${++minted}`);
  const { db } = postgres;
  await db.tenant.create({ data: { id: tenantId, slug: tenantId.replaceAll('_', '-'), name: 'T', status: 'active' } });
  const policy = { notify: { url: `https://${host}/told`, secret } };
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
  return { tenantId, host, found, outcomes };
}

describe('a notice of a finding', () => {
  it('is signed, has no content, and is sent once', async () => {
    const tenant = await tenantNotifying();
    const finding = await tenant.found();
    const { notices, sent } = worker(() => 204);
    await told(notices);
    await told(notices);
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
    await told(notices);
    await told(notices);
    expect([tries().length, await up.outcomes()]).toEqual([1, [`${up.host}: told`]]);
    isDown = false;
    world.nowMs += 2_001;
    await told(notices);
    expect(tries().map(({ headers }) => headers['webhook-id'])).toEqual([`msg_${finding.id}`, `msg_${finding.id}`]);
    expect(await down.outcomes()).toEqual([`${down.host}: told`]);
  });

  it.each(['hangs', 503] as const)('is told at once while a service with 1,000 waiting answers %s', async (answer) => {
    const [dead, alive] = [await tenantNotifying(), await tenantNotifying()];
    const { tenantId } = dead;
    await storeFindings(
      postgres.db,
      Array.from({ length: 1_000 }, () => aFinding({ tenantId, then: ['notify'] })),
    );
    await alive.found();
    const { notices, sent } = worker(({ url }) => (url.host === dead.host ? answer : 204));
    const leaving = new AbortController();
    const told = (times: number) =>
      eventually('the other service is told', async () => ((await alive.outcomes()).length === times ? true : null));
    await notices.look(leaving.signal);
    await told(1);
    await alive.found();
    await notices.look(leaving.signal);
    await told(2);
    expect(sent.filter(({ url }) => url.host === dead.host)).toHaveLength(1);
    expect(await noticesStanding(postgres.db, tenantId, 10)).toMatchObject({ waiting: 1_000, givenUp: [] });
    leaving.abort();
    await notices.settled();
  });

  it('waits behind ten others for the same service, and services elsewhere do not', async () => {
    const together = await Promise.all(Array.from({ length: 11 }, () => tenantNotifying(undefined, 'shared.example')));
    for (const each of together) await each.found();
    const elsewhere = await tenantNotifying();
    await elsewhere.found();
    const { notices, sent } = worker(({ url }) => (url.host === 'shared.example' ? 'hangs' : 204));
    const leaving = new AbortController();
    await notices.look(leaving.signal);
    await eventually('the service elsewhere is told', async () => (await elsewhere.outcomes())[0] ?? null);
    const asked = () => sent.filter(({ url }) => url.host === 'shared.example').length;
    await eventually('ten are told', () => (asked() >= 10 ? true : null));
    await notices.look(leaving.signal);
    expect(asked()).toBe(10);
    leaving.abort();
    await notices.settled();
  });

  it('is given up after a day', async () => {
    const tenant = await tenantNotifying();
    await tenant.found();
    await tenant.found();
    const { notices, world } = worker(() => 500);
    world.nowMs += DAY_MS + 60_000;
    await told(notices);
    expect(await tenant.outcomes()).toEqual(['given up: answered 500', 'given up: answered 500']);
    const { waiting, givenUp } = await noticesStanding(postgres.db, tenant.tenantId, 1);
    expect([waiting, givenUp.length, givenUp[0]?.outcome]).toEqual([0, 1, 'answered 500']);
  });

  it('is told however long no worker was there, all of them within a few looks', async () => {
    const tenant = await tenantNotifying();
    for (let n = 0; n < 25; n += 1) await tenant.found();
    const { notices, world } = worker(() => 204);
    world.nowMs += 30 * DAY_MS;
    for (let n = 0; n < 3; n += 1) await told(notices);
    expect(await tenant.outcomes()).toEqual(new Array(25).fill(`${tenant.host}: told`));
  });

  it('that is refused by itself holds up no other of its tenant, and is given up alone after a day', async () => {
    const tenant = await tenantNotifying();
    const [bad] = [await tenant.found({ hook: 'new to them' }), await tenant.found(), await tenant.found()];
    const { notices, sent, world } = worker(({ body }) => (body.includes('new to them') ? 422 : 204));
    const tries = () => sent.filter(({ body }) => body.includes(bad.id)).length;
    await told(notices);
    await told(notices);
    expect([await tenant.outcomes(), tries()]).toEqual([new Array(2).fill(`${tenant.host}: told`), 1]);
    world.nowMs += 2_001;
    await told(notices);
    expect(tries()).toBe(2);
    world.nowMs += DAY_MS;
    await tenant.found();
    await told(notices);
    expect((await tenant.outcomes()).slice(2).toSorted()).toEqual(
      [`${tenant.host}: told`, 'given up: answered 422'].toSorted(),
    );
  });

  it('that was refused when it was alone holds up none that is found after it', async () => {
    const tenant = await tenantNotifying();
    const bad = await tenant.found({ hook: 'new to them' });
    const { notices, sent, world } = worker(({ body }) => (body.includes('new to them') ? 422 : 204));
    const tries = () => sent.filter(({ body }) => body.includes(bad.id)).length;
    for (let n = 1; n <= 4; n += 1) {
      await told(notices);
      await tenant.found();
      await told(notices);
      expect([tries(), await tenant.outcomes()]).toEqual([n, new Array(n).fill(`${tenant.host}: told`)]);
      world.nowMs += 2_000 * 2 ** (n - 1) + 1;
    }
  });

  it('of a service that refuses everything is tried with growing pauses, as of one that is away', async () => {
    const tenant = await tenantNotifying();
    await tenant.found();
    await tenant.found();
    const { notices, sent, world } = worker(({ url }) => (url.host === tenant.host ? 404 : 204));
    const tries = () => sent.filter(({ url }) => url.host === tenant.host).length;
    await told(notices);
    await told(notices);
    expect(tries()).toBe(2);
    world.nowMs += 2_001;
    await told(notices);
    expect(tries()).toBe(4);
    world.nowMs += DAY_MS;
    await told(notices);
    expect(await tenant.outcomes()).toEqual(['given up: answered 404', 'given up: answered 404']);
  });

  it('waits where the secret is none, and holds up nobody', async () => {
    const [broken, alive] = [await tenantNotifying('whsec_short'), await tenantNotifying()];
    await broken.found();
    await alive.found();
    const { notices } = worker(() => 204);
    await told(notices);
    expect([await broken.outcomes(), await alive.outcomes()]).toEqual([[], [`${alive.host}: told`]]);
  });

  it("waits while its secret cannot be opened, and is nobody's when the policy notifies nobody any more", async () => {
    const [sealed, gone] = [await tenantNotifying('sealed:v1.theirs'), await tenantNotifying()];
    await sealed.found();
    await gone.found();
    const data = { tenantId: gone.tenantId, version: 2, policy: { notify: null }, actor: 'test' };
    await postgres.db.moderationPolicy.create({ data });
    const { notices, sent } = worker(() => 200);
    await told(notices);
    expect(sent.filter(({ url }) => [sealed.host, gone.host].includes(url.host))).toEqual([]);
    expect(await sealed.outcomes()).toEqual([]);
    expect(await gone.outcomes()).toEqual(['nobody: its policy notifies nobody any more']);
  });
});
