import { err, mintId, ok, trustedId, type PoolId, type Refusal, type Result } from '@trunkline/kernel';
import { denied, type AdmissionRefusal, type AdmitRequest, type Lease } from '@trunkline/admission';
import { PoolPlans } from '@trunkline/admission/adapters/policy';
import { openLog } from '@trunkline/platform/logging';
import { PoolHealth } from '@trunkline/providers';
import { blankPool, compilePolicy, DEFAULT_LIMITS, Principal } from '@trunkline/tenancy';
import { admitAndDial } from './admit-and-dial.js';
import type { RefusedCall } from './refused-calls.js';

const [A, B] = [trustedId('pool', 'pool_a'), trustedId('pool', 'pool_b')];
const sessionId = mintId('ses', 0, (n) => new Uint8Array(n));
const tenant = {
  ...{ id: trustedId('tnt', 'tnt_a'), slug: 'a', name: 'A', status: 'active' as const },
  ...{ sessionsMax: null, limits: DEFAULT_LIMITS },
};
const key = {
  ...{ id: trustedId('key', 'key_a'), tenantId: tenant.id, name: 'a key', status: 'active' as const },
  ...{ sessionsMax: null, models: null, origins: null, scopes: ['sessions' as const], expiresAtMs: null },
};
// Of equal draws the pool of more weight is asked first.
const pools = [
  { ...blankPool(A, 'a'), weight: 2 },
  { ...blankPool(B, 'b'), weight: 1 },
];
const policy = compilePolicy({
  ...{ version: 1n, tenants: [tenant], keys: [{ hmac: 'of a key', key }], pools },
  ...{ tenantShares: [], keyShares: [], moderation: [], refusedEndUsers: [], revokedSecrets: [] },
});

const full: AdmissionRefusal = denied({
  ...{ scope: 'pool', current: 1, max: 1, retryAfterMs: 0, queueFull: false },
  ...{ queue: { position: 1, expectedWaitMs: null }, own: { rateMs: 0, keySessions: 0, tenantSessions: 0 } },
} as never);

type Answer = (request: AdmitRequest) => Result<Lease, AdmissionRefusal>;
const refuses = (): Answer => () => err(full);
const givesLineIn =
  (poolId: PoolId): Answer =>
  () =>
    ok({ sessionId, place: { poolId } } as never);

const ownLineEnds = (): Answer => () => err({ ...full, ownLineEnds: true });

interface Circumstances {
  /** What its app asked for with `?wait_ms=`. */
  readonly asksMs?: string;
  /** Why its tenant's budget has no room. */
  readonly spent?: Refusal;
}

/** A gateway of two pools whose upstreams cannot be reached; admission answers as it is told, in turn. */
class Rig {
  /** The pools of each request for a line. */
  readonly asked: PoolId[][] = [];
  /** How long each may wait, in milliseconds. */
  readonly waits: number[] = [];
  nowMs = 0;
  readonly health = new PoolHealth();
  readonly released: PoolId[] = [];
  readonly recorded: RefusedCall[] = [];

  constructor(private readonly answers: Answer[]) {}

  async call(waitMs: number, { asksMs, spent }: Circumstances = {}): Promise<Refusal | null> {
    const clock = { nowMs: () => 0, monotonicMs: () => this.nowMs };
    const nothing = (): void => undefined;
    const metrics = { admission: nothing, poolTried: nothing, dialFailed: nothing, poolPaused: nothing };
    const parts = {
      ...{ clock, metrics, health: this.health, plans: new PoolPlans(), random: () => 0.5 },
      ...{ log: openLog('silent', process.stderr), deadlines: { connectMsMax: 1, firstEventMsMax: 1 } },
      policy: () => policy,
      closedToNewSessions: () => null,
      account: () => ({
        baseUrl: 'http://upstream/v1',
        apiKey: '',
        vendor: 'openai',
        deployments: new Map(),
        ca: null,
      }),
      dialler: { dial: async () => err({ kind: 'unreachable', detail: '' }) },
      budgets: { refusal: async () => null },
      admit: async (request: AdmitRequest) => {
        this.asked.push(request.plans.map(({ poolId }) => poolId));
        this.waits.push(request.waitMs);
        const answer = this.answers.shift();
        if (!answer) throw new Error('it asked once too often');
        return answer(request);
      },
      releaseLease: async ({ place }: Lease) => this.released.push(place.poolId) > 0,
      refusedCalls: { note: (call: RefusedCall) => void this.recorded.push(call) },
    };
    const query = new Map(asksMs === undefined ? [] : [['wait_ms', asksMs]]);
    const caller = {
      ...{ sessionId, handshake: { query, safetyIdentifier: null } },
      ...{ wanted: { kind: 'conversation', model: 'gpt-realtime' }, gone: new AbortController().signal, told: nothing },
      ready: () => Promise.resolve(null),
      judge: () =>
        ok({
          principal: new Principal({ tenant, key }),
          policy,
          pools,
          waitMs,
          budget: Promise.resolve(spent ?? null),
        }),
    };
    const outcome = await admitAndDial(parts as never, caller as never);
    return outcome.ok ? null : outcome.error;
  }
}

describe('a call that got no session', () => {
  it('is recorded with the reason that it was told: no line in one pool, no upstream in the next', async () => {
    const rig = new Rig([refuses(), givesLineIn(B)]);
    expect(await rig.call(0)).toMatchObject({ code: full.refusal.code });
    expect(rig.recorded).toMatchObject([{ reason: 'pool_limit', pools: new Set([A, B]), waitedMs: 0 }]);
    expect(rig.released).toEqual([B]);
  });

  it('is recorded with what the upstream was like where every pool had a line', async () => {
    const rig = new Rig([givesLineIn(A), givesLineIn(B)]);
    expect(await rig.call(0)).toMatchObject({ code: 'upstream_unreachable' });
    expect(rig.recorded).toMatchObject([{ reason: 'upstream_unreachable' }]);
  });
});

describe('a call that waits in several pools', () => {
  it('gives a line back whose upstream fails, and goes on waiting in the others', async () => {
    const rig = new Rig([refuses(), refuses(), givesLineIn(A), refuses()]);
    expect(await rig.call(10_000)).toMatchObject({ code: full.refusal.code });
    expect(rig.asked).toEqual([[A], [B], [A, B], [B]]);
    expect(rig.released).toEqual([A]);
    expect(rig.recorded).toMatchObject([{ reason: 'pool_limit' }]);
  });

  it('hears of the upstream when none of them is left to wait for', async () => {
    const rig = new Rig([refuses(), refuses(), givesLineIn(A), givesLineIn(B)]);
    expect(await rig.call(10_000)).toMatchObject({ code: 'upstream_unreachable' });
    expect(rig.released).toEqual([A, B]);
    expect(rig.recorded).toMatchObject([{ reason: 'upstream_unreachable' }]);
  });

  it('hears that a line was missing when its time is up before the last pool had one', async () => {
    const rig: Rig = new Rig([
      refuses(),
      refuses(),
      (request) => {
        rig.nowMs += 10_000;
        return givesLineIn(A)(request);
      },
    ]);
    expect(await rig.call(10_000)).toMatchObject({ code: full.refusal.code });
    expect(rig.released).toEqual([A]);
    expect(rig.recorded).toMatchObject([{ reason: 'pool_limit' }]);
  });

  it('leaves the line of a pool whose upstream stops answering, and is back when that answers', async () => {
    const seen: (PoolId[] | undefined)[] = [];
    const rig: Rig = new Rig([
      refuses(),
      refuses(),
      ({ review }) => {
        const look = (): void => void seen.push(review?.()?.plans.map(({ poolId }) => poolId));
        const fail = (id: PoolId): void => [1, 2, 3].forEach(() => rig.health.failed(id, 0));
        look();
        fail(A);
        look();
        fail(B);
        look();
        rig.health.succeeded(A);
        look();
        return err(full);
      },
    ]);
    await rig.call(10_000);
    // With no pool that answers it waits for all: one of them may have recovered.
    expect(seen).toEqual([[A, B], [B], [A, B], [A]]);
  });
});

describe('a call whose own line is being settled', () => {
  it('waits five seconds for it, though calls of its tenant may not wait', async () => {
    const rig = new Rig([refuses(), ownLineEnds(), refuses()]);
    expect(await rig.call(0)).toMatchObject({ code: full.refusal.code });
    expect(rig.asked).toEqual([[A], [B], [A, B]]);
    expect(rig.waits).toEqual([0, 0, 5_000]);
  });

  it('waits as long as its tenant lets it where that is more', async () => {
    const rig = new Rig([ownLineEnds(), refuses(), refuses()]);
    await rig.call(20_000);
    expect(rig.waits).toEqual([0, 0, 20_000]);
  });

  it('waits for nothing when the budget of its tenant is spent', async () => {
    const rig = new Rig([ownLineEnds(), refuses()]);
    const spent: Refusal = { code: 'budget_exceeded', message: 'The budget is spent.' };
    expect(await rig.call(0, { spent })).toMatchObject({ code: 'budget_exceeded' });
    expect(rig.waits).toEqual([0, 0]);
    expect(rig.recorded).toMatchObject([{ reason: 'budget_exceeded' }]);
  });

  it('is not told that it cannot wait when it has waited', async () => {
    const waited = (): Answer => () => err({ ...full, waited: true });
    const told = await new Rig([ownLineEnds(), refuses(), waited()]).call(0, { asksMs: '3000' });
    expect(told?.message).not.toContain('wait_ms had no effect');
    const refused = await new Rig([refuses(), refuses()]).call(0, { asksMs: '3000' });
    expect(refused?.message).toContain('wait_ms had no effect');
  });
});
