import { createHash, randomBytes } from 'node:crypto';
import { trustedId, type TenantId } from '@trunkline/kernel';
import { reviewItemOf, type ModerationFinding } from '@trunkline/metering';
import { SessionSeal } from '@trunkline/moderation';
import {
  eraseContent,
  exportEndUser,
  findReviewItem,
  readContentOfItem,
  sweepContent,
} from '@trunkline/moderation/adapters/prisma';
import { secretSeal } from '@trunkline/platform/secrets';
import { aFinding, FOUND_AT_MS, storeFindings } from '../../../test/support/findings.js';
import { startTestPostgres, type TestPostgres } from '../../../test/support/postgres.js';

const WRAP = secretSeal('a secret only for tests');
const DAY_MS = 86_400_000;
const KEY = { name: 'bot', prefix: 'tl_', last4: 'abcd' };
const READING = { actor: 'ana', atMs: FOUND_AT_MS + 1, wrap: WRAP };

let postgres: TestPostgres;
let count = 0;
beforeAll(async () => {
  postgres = await startTestPostgres();
}, 60_000);
afterAll(() => postgres.stop());

/** A session of a tenant of its own, of which these sentences are kept for a day and as many more as their place. */
async function keptOf(...said: string[]) {
  const tenantId = trustedId('tnt', `tnt_kept_${++count}`);
  const sessionId = trustedId('ses', `ses_kept_${count}`);
  const seal = new SessionSeal({ tenantId, sessionId }, WRAP, randomBytes);
  const of = (text: string, i: number): ModerationFinding => {
    const finding = aFinding({ tenantId, sessionId, endUser: `eu_${count}`, itemId: `item_${i}` });
    const keepUntilMs = FOUND_AT_MS + (i + 1) * DAY_MS;
    return { ...finding, content: { ...seal.seal(finding.id, text), region: 'eu', keepUntilMs } };
  };
  const findings = said.map(of);
  await storeFindings(postgres.db, findings);
  const items = findings.map((finding) => reviewItemOf(finding) ?? trustedId('mri', 'none'));
  const read = async (i: number) =>
    (await readContentOfItem(postgres.db, tenantId, items[i] ?? trustedId('mri', 'x'), READING))?.[0];
  return { tenantId, sessionId, findings, items, of, read, endUser: `eu_${count}` };
}

describe('kept content', () => {
  it('is read with its item, which records who read it', async () => {
    const { tenantId, items, read } = await keptOf('the canary sings');
    expect(await read(0)).toMatchObject({ state: 'kept', text: 'the canary sings', region: 'eu', hook: 'words' });
    const found = await findReviewItem(postgres.db, tenantId, items[0] ?? trustedId('mri', 'x'));
    expect(found?.events).toMatchObject([{ kind: 'read', actor: 'ana' }]);
  });

  it('is nothing to another tenant, or under another secret', async () => {
    const { tenantId, items } = await keptOf('the canary sings');
    const item = items[0] ?? trustedId('mri', 'x');
    expect(await readContentOfItem(postgres.db, trustedId('tnt', 'tnt_other'), item, READING)).toBeNull();
    const elsewhere = { ...READING, wrap: secretSeal('another secret for tests') };
    expect(await readContentOfItem(postgres.db, tenantId, item, elsewhere)).toMatchObject([
      { state: 'unreadable', text: null },
    ]);
  });

  it('goes when its time is over: each excerpt, and the key with the last', async () => {
    const { tenantId, sessionId, read } = await keptOf('for a day', 'for two');
    const sweep = (days: number) =>
      sweepContent(postgres.db, { asOfMs: FOUND_AT_MS + days * DAY_MS, atMs: FOUND_AT_MS, actor: 'retention' });
    const ours = async (days: number) => (await sweep(days)).filter((each) => each.tenantId === tenantId);
    expect(await ours(1)).toMatchObject([{ pieces: 1, keys: 0, cause: 'retention' }]);
    expect([(await read(0))?.state, (await read(1))?.state]).toEqual(['erased', 'kept']);
    expect(await ours(2)).toMatchObject([{ pieces: 1, keys: 1 }]);
    expect((await read(1))?.state).toBe('erased');
    expect(await postgres.db.moderationContentKey.findUnique({ where: { sessionId } })).toMatchObject({
      wrappedKey: null,
    });
    expect(await ours(9)).toEqual([]);
  });

  it('goes in slices, each with its proof', async () => {
    const { tenantId, read } = await keptOf('one', 'two', 'three');
    const asOfMs = FOUND_AT_MS + 3 * DAY_MS;
    const proofs = await sweepContent(postgres.db, { asOfMs, atMs: FOUND_AT_MS, actor: 'retention', sliceMax: 2 });
    const ours = proofs.filter((each) => each.tenantId === tenantId);
    expect(ours.map(({ pieces }) => pieces).sort()).toEqual([1, 2]);
    expect(ours.reduce((sum, { keys }) => sum + keys, 0)).toBe(1);
    expect([(await read(0))?.state, (await read(2))?.state]).toEqual(['erased', 'erased']);
  });

  it('goes when somebody asks, with a proof, and does not come back when it is delivered again', async () => {
    const { tenantId, sessionId, findings, of, read } = await keptOf('one', 'two');
    const request = {
      subject: { kind: 'session', sessionId },
      actor: 'ana',
      reason: 'asked',
      atMs: FOUND_AT_MS,
    } as const;
    const erased = await eraseContent(postgres.db, tenantId, request);
    const lines = findings.map(({ content }) =>
      createHash('sha256')
        .update(content?.sealed ?? '')
        .digest('hex'),
    );
    const sha256 = createHash('sha256')
      .update(
        lines
          .sort()
          .map((line) => `${line}\n`)
          .join(''),
      )
      .digest('hex');
    expect(erased).toMatchObject({ ok: true, value: { pieces: 2, keys: 1, sha256, subject: sessionId, actor: 'ana' } });
    const late = of('three', 2);
    await storeFindings(postgres.db, [...findings, late]);
    expect((await read(0))?.state).toBe('erased');
    const stored = await postgres.db.moderationContent.findMany({ where: { sessionId } });
    expect(stored.map(({ sealed }) => sealed)).toEqual([null, null, null]);
    await expect(postgres.db.$executeRaw`DELETE FROM moderation_erasure`).rejects.toThrow();
    await expect(
      postgres.db
        .$executeRaw`UPDATE moderation_content_key SET wrapped_key = 'x', shredded_at = NULL WHERE session_id = ${sessionId}`,
    ).rejects.toThrow(/stays erased/);
  });

  it('goes for all sessions of an end user, and of nobody else', async () => {
    const [mine, theirs] = [await keptOf('mine'), await keptOf('theirs')];
    const subject = { kind: 'end_user', endUser: mine.endUser } as const;
    const request = { subject, actor: 'ana', reason: null, atMs: FOUND_AT_MS };
    expect(await eraseContent(postgres.db, mine.tenantId, request)).toMatchObject({ value: { pieces: 1, keys: 1 } });
    expect([(await mine.read(0))?.state, (await theirs.read(0))?.state]).toEqual(['erased', 'kept']);
  });

  it('of another tenant cannot be erased, however its session is named', async () => {
    const [mine, theirs] = [await keptOf('mine'), await keptOf('theirs')];
    const subject = { kind: 'session', sessionId: theirs.sessionId } as const;
    const request = { subject, actor: 'ana', reason: null, atMs: FOUND_AT_MS };
    expect(await eraseContent(postgres.db, mine.tenantId, request)).toMatchObject({ ok: false });
    expect((await theirs.read(0))?.state).toBe('kept');
  });

  it('is exported with all else that is known of a person', async () => {
    const { tenantId, endUser, items } = await keptOf('my words');
    const exported = (of: string, set = {}) => exportOf(tenantId, of, set);
    const { content, findings, reviews } = await exported(endUser);
    expect(content).toMatchObject([{ state: 'kept', text: 'my words' }]);
    expect([findings.length, reviews.length]).toEqual([1, 1]);
    const nobody = await exported('eu_nobody');
    expect([nobody.content, nobody.findings, nobody.reviews]).toEqual([[], [], []]);
    const found = await findReviewItem(postgres.db, tenantId, items[0] ?? trustedId('mri', 'x'));
    expect(found?.events).toMatchObject([{ kind: 'read', actor: 'ana', note: 'export: they asked' }]);
    for (const unsaid of [{ actor: ' ' }, { reason: '' }])
      await expect(exported(endUser, unsaid)).rejects.toThrow(/who/);
  });

  it('is exported with what was done about them, until when they are refused, and the secrets made for them', async () => {
    const { db } = postgres;
    const [mine, theirs] = [await keptOf('mine'), await keptOf('theirs')];
    for (const { tenantId, endUser, findings } of [mine, theirs]) {
      await db.tenant.create({
        data: { id: tenantId, slug: tenantId.replaceAll('_', '-'), name: 'T', status: 'active' },
      });
      const keyId = `key_of_${tenantId}`;
      await db.apiKey.create({ data: { ...KEY, id: keyId, tenantId, hmac: randomBytes(32).toString('hex') } });
      const at = new Date(FOUND_AT_MS);
      const secret = {
        keyId,
        kind: 'realtime',
        pinned: [],
        session: { instructions: 'She is called Ana.' },
        expiresAt: at,
      };
      for (const user of [endUser, null]) {
        const name = `${tenantId} ${user ?? 'anybody'}`;
        await db.clientSecret.create({
          data: { ...secret, id: `ecs ${name}`, hmac: `proof of ${name}`, tenantId, endUser: user },
        });
      }
      await db.refusedEndUser.create({ data: { tenantId, endUser, until: at, reason: 'three strikes' } });
      const finding = { tenantId, findingId: findings[0]?.id ?? '', at };
      await recordActionOf(finding, { action: 'refuse_end_user', subject: endUser, outcome: 'refused for 7 days' });
      await recordActionOf(finding, { action: 'suspend_key', subject: keyId, outcome: 'suspended' });
      const other = { ...finding, findingId: `mfd_of_another_${tenantId}` };
      await recordActionOf(other, { action: 'suspend_key', subject: keyId, outcome: 'suspended' });
    }
    const { actions, refused, clientSecrets } = await exportOf(mine.tenantId, mine.endUser);
    expect(refused).toMatchObject({ endUser: mine.endUser, reason: 'three strikes', until: new Date(FOUND_AT_MS) });
    expect(actions).toMatchObject([
      { action: 'refuse_end_user', subject: mine.endUser, outcome: 'refused for 7 days' },
      { action: 'suspend_key', findingId: mine.findings[0]?.id },
    ]);
    expect([actions.length, clientSecrets.length]).toEqual([2, 1]);
    expect(clientSecrets).toMatchObject([{ endUser: mine.endUser, session: { instructions: 'She is called Ana.' } }]);
    const told = JSON.stringify([actions, refused, clientSecrets]);
    expect([told.includes('proof of'), told.includes(theirs.tenantId)]).toEqual([false, false]);
    const nobody = await exportOf(mine.tenantId, 'eu_nobody');
    expect([nobody.actions, nobody.refused, nobody.clientSecrets]).toEqual([[], null, []]);
  });
});

async function exportOf(tenantId: TenantId, endUser: string, set = {}) {
  const request = { ...READING, endUser, reason: 'they asked', ...set };
  const result = await exportEndUser(postgres.db, tenantId, request);
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

interface Done {
  readonly action: string;
  readonly subject: string;
  readonly outcome: string;
}

async function recordActionOf(of: { tenantId: string; findingId: string; at: Date }, done: Done): Promise<void> {
  await postgres.db.moderationAction.create({ data: { ...of, ...done } });
}
