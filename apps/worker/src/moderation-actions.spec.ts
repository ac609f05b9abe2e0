import { randomBytes } from 'node:crypto';
import { trustedId } from '@trunkline/kernel';
import { reviewItemOf, type ModerationFinding } from '@trunkline/metering';
import { parseModerationPolicy } from '@trunkline/moderation';
import { setModerationPolicy, stepReview } from '@trunkline/moderation/adapters/prisma';
import { openLog } from '@trunkline/platform/logging';
import { keyHasher } from '@trunkline/tenancy';
import { createKey, createTenant, listKeys, PrismaPolicySource, resumeKey } from '@trunkline/tenancy/adapters/prisma';
import { aFinding, storeFindings } from '../../../test/support/findings.js';
import { startTestPostgres, type TestPostgres } from '../../../test/support/postgres.js';
import { actOnFindings } from './moderation-actions.js';

const DAY_MS = 86_400_000;
const log = openLog('silent', process.stderr);

let postgres: TestPostgres;
let count = 0;
beforeAll(async () => {
  postgres = await startTestPostgres();
}, 60_000);
afterAll(() => postgres.stop());

/** A tenant with a key and a policy. */
async function tenantUnder(policy: object) {
  const { db } = postgres;
  const clock = { nowMs: () => Date.now(), monotonicMs: () => 0 };
  const tenancy = { db, clock, randomBytes, hashKey: keyHasher('a pepper only for tests') };
  const tenant = await createTenant(tenancy, { slug: `t${++count}`, name: 'T' });
  if (!tenant.ok) throw new Error(tenant.error.message);
  const tenantId = tenant.value.id;
  const key = await createKey(tenancy, tenantId, { name: 'k' });
  const parsed = parseModerationPolicy({ version: 1, ...policy });
  if (!key.ok || !parsed.ok) throw new Error('a key and a policy');
  await setModerationPolicy(db, tenantId, { policy: parsed.value, actor: 'test', seal: (secret) => secret });
  const keyId = key.value.key.id;
  const id = () => randomBytes(4).toString('hex');
  const sessionId = trustedId('ses', `ses_${id()}`);
  const found = (set: Partial<ModerationFinding> = {}): ModerationFinding =>
    aFinding({ tenantId, keyId, sessionId, occurredAtMs: Date.now(), itemId: `item_${id()}`, ...set });
  return {
    tenantId,
    keyId,
    found,
    store: async (...findings: ModerationFinding[]) => {
      const sessions = findings.map(({ sessionId: id }) => ({ id, tenantId }));
      await db.session.createMany({ data: sessions, skipDuplicates: true });
      await storeFindings(db, findings);
    },
    storeOfNoSession: (...findings: ModerationFinding[]) => storeFindings(db, findings),
    pass: () => actOnFindings({ db, log, clock }),
    resume: () => resumeKey(tenancy, tenantId, keyId),
    keyStatus: async () => (await listKeys(tenancy, tenantId))[0]?.status,
    refusedUntilMs: async (endUser: string) =>
      (await new PrismaPolicySource(db, clock).load()).refusedUntilMs(tenantId, endUser),
    actions: () => db.moderationAction.findMany({ where: { tenantId }, orderBy: { id: 'asc' } }),
  };
}

describe('a key that a policy wants suspended', () => {
  it('is, for every gateway, once, and stays good when somebody resumes it', async () => {
    const tenant = await tenantUnder({});
    await tenant.store(tenant.found({ then: ['warn', 'suspend_key'] }), tenant.found({ then: ['warn'] }));
    await Promise.all([tenant.pass(), tenant.pass()]);
    expect(await tenant.keyStatus()).toBe('suspended');
    expect(await tenant.actions()).toMatchObject([
      { action: 'suspend_key', subject: tenant.keyId, outcome: 'suspended' },
    ]);
    await tenant.resume();
    await tenant.pass();
    expect(await tenant.keyStatus()).toBe('active');
  });

  it("that is nobody's any more is no reason to stop", async () => {
    const tenant = await tenantUnder({});
    await tenant.store(tenant.found({ then: ['suspend_key'], keyId: trustedId('key', 'key_gone') }));
    await tenant.pass();
    expect(await tenant.actions()).toMatchObject([{ outcome: 'key_not_found' }]);
  });
});

describe('strikes of an end user', () => {
  const STRIKES = { strikes: { count: 2, days: 10, refuseDays: 3 } };

  it('refuse them when there are as many as the policy allows, and not before', async () => {
    const tenant = await tenantUnder(STRIKES);
    await tenant.store(tenant.found({ endUser: 'eu_ana' }), tenant.found({ endUser: 'eu_bea' }));
    await tenant.pass();
    expect(await tenant.refusedUntilMs('eu_ana')).toBeNull();
    await tenant.store(tenant.found({ endUser: 'eu_ana' }));
    await tenant.pass();
    const untilMs = (await tenant.refusedUntilMs('eu_ana')) ?? 0;
    expect(Math.abs(untilMs - Date.now() - 3 * DAY_MS)).toBeLessThan(60_000);
    expect(await tenant.refusedUntilMs('eu_bea')).toBeNull();
    await tenant.pass();
    expect(await tenant.actions()).toMatchObject([{ action: 'refuse_end_user', subject: 'eu_ana' }]);
  });

  it('are no flags, dry runs, failures, old ones, twice the same, or what a reviewer dismissed', async () => {
    const tenant = await tenantUnder(STRIKES);
    const dismissed = tenant.found({ endUser: 'eu_ana' });
    const twice = { endUser: 'eu_ana', itemId: 'item_same' };
    await tenant.store(
      dismissed,
      tenant.found({ endUser: 'eu_ana', action: 'flag' }),
      tenant.found({ endUser: 'eu_ana', dryRun: true }),
      tenant.found({ endUser: 'eu_ana', failure: 'late' }),
      tenant.found({ endUser: 'eu_ana', occurredAtMs: Date.now() - 11 * DAY_MS }),
      tenant.found(twice),
      tenant.found(twice),
    );
    const step = { kind: 'decide', decision: 'dismiss', again: false } as const;
    const request = { step, actor: 'ana', note: null, atMs: Date.now() };
    await stepReview(postgres.db, tenant.tenantId, reviewItemOf(dismissed) ?? trustedId('mri', 'x'), request);
    await tenant.pass();
    expect(await tenant.refusedUntilMs('eu_ana')).toBeNull();
  });

  it('are none for words that are not theirs: those of the app, of the model, and of a secret that is minted', async () => {
    const tenant = await tenantUnder(STRIKES);
    const ana = (set: Partial<ModerationFinding>) => tenant.found({ endUser: 'eu_ana', ...set });
    await tenant.store(
      ana({ contentKind: 'instructions' }),
      ana({ contentKind: 'tools' }),
      ana({ contentKind: 'tool_result' }),
      ana({ contentKind: 'output_text', direction: 'output', responseId: 'resp_1' }),
      ana({ contentKind: 'tool_arguments', direction: 'output', responseId: 'resp_2' }),
      ana({ contentKind: 'image', responseId: 'resp_3' }),
    );
    const minted = { sessionId: trustedId('ses', `ses_minted_${randomBytes(4).toString('hex')}`) };
    await tenant.storeOfNoSession(ana({ ...minted, contentKind: 'image' }), ana({ ...minted, contentKind: 'image' }));
    await tenant.store(ana({ contentKind: 'input_transcript' }));
    await tenant.pass();
    expect(await tenant.refusedUntilMs('eu_ana')).toBeNull();
    await tenant.store(ana({ contentKind: 'image' }));
    await tenant.pass();
    expect(await tenant.refusedUntilMs('eu_ana')).not.toBeNull();
  });
});
