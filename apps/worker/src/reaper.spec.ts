import { randomBytes } from 'node:crypto';
import { mintId, trustedId, type ReplicaId } from '@trunkline/kernel';
import { owedUsage, type JournalRecord } from '@trunkline/metering';
import { beatOf, closeLost, PrismaJournalReader, PrismaJournalStore } from '@trunkline/metering/adapters/prisma';
import { openLog } from '@trunkline/platform/logging';
import { Metrics } from '@trunkline/telemetry/adapters/prom';
import { startTestPostgres, type TestPostgres } from '../../../test/support/postgres.js';
import { Reaper } from './reaper.js';

const TENANT = trustedId('tnt', 'tnt_1');
const KEY = trustedId('key', 'key_1');
const POOL = trustedId('pool', 'pool_1');
const OPENED_MS = 1_795_000_000_000;
const SILENCE_MS = 120_000;

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startTestPostgres();
}, 60_000);
afterAll(() => postgres.stop());
afterEach(() => postgres.db.$executeRaw`TRUNCATE usage_event, session, spool_watermark, owed_usage, gateway_replica`);

/** A gateway with one open session in which a response runs. */
class Gateway {
  readonly replicaId: ReplicaId = mintId('rep', 1, randomBytes);
  readonly sessionId = mintId('ses', 1, randomBytes);

  constructor(
    readonly spoolId = `spl_${randomBytes(4).toString('hex')}`,
    readonly epoch = 1,
  ) {}

  beat(leftoversDrained = true): Promise<void> {
    const { replicaId, spoolId, epoch } = this;
    return beatOf(postgres.db, { replicaId, spoolId, epoch, leftoversDrained });
  }

  async journal(...records: readonly JournalRecord[]): Promise<void> {
    const { spoolId, epoch } = this;
    const batch = { spoolId, epoch, segment: 1, fromSequence: 1, toSequence: records.length, records };
    await new PrismaJournalStore(postgres.db).commit(batch);
  }

  async open(): Promise<this> {
    await this.beat();
    const { sessionId, replicaId } = this;
    const who = { sessionId, tenantId: TENANT, keyId: KEY, poolId: POOL, replicaId, vendor: 'openai' as const };
    const about = {
      model: 'gpt-realtime',
      dialect: 'ga',
      transport: 'websocket',
      clientKind: 'server',
      secretId: null,
    } as const;
    const quantities = [{ meter: 'input_text', quantityMicro: 12_000_000n } as const];
    const seen = { quantities, method: 'seen_output_and_seen_context', doubts: [], facts: {} } as const;
    const report = {
      kind: 'response',
      vendorObjectId: 'resp_1',
      model: 'gpt-realtime',
      seen,
      causedBy: 'policy',
    } as const;
    await this.journal(
      { kind: 'session_opened', session: { ...who, ...about, waitAskedMs: null, openedAtMs: OPENED_MS } },
      { kind: 'usage_owed', owed: owedUsage(report, { ...who, seenAtMs: OPENED_MS + 5_000, billing: 'bill' }) },
    );
    return this;
  }

  ends(endCause: string): Promise<void> {
    const counts = { bytesFromClient: 1, bytesFromUpstream: 1, messagesFromClient: 1, messagesFromUpstream: 1 };
    const times = { closedAtMs: OPENED_MS + 60_000, durationMs: 60_000 };
    const { sessionId } = this;
    const session = { sessionId, tenantId: TENANT, endCause, closeCode: 1000, ...times, ...counts };
    return this.journal({ kind: 'session_closed', session });
  }

  session() {
    return new PrismaJournalReader(postgres.db).session(TENANT, this.sessionId);
  }

  usage() {
    return new PrismaJournalReader(postgres.db).usageOfSession(TENANT, this.sessionId);
  }
}

/** A reaper on a clock that moves when told. */
function aReaper() {
  let nowMs = 0;
  const log = openLog('silent', { write: () => undefined });
  const reaper = new Reaper({ db: postgres.db, log, metrics: new Metrics(), monotonicMs: () => nowMs });
  return {
    /** Looks every five seconds for so long; before each look `meanwhile` happens. */
    watchFor: async (ms: number, meanwhile: () => Promise<unknown> = () => Promise.resolve()) => {
      for (const endMs = nowMs + ms; nowMs < endMs; nowMs += 5_000) {
        await meanwhile();
        await reaper.pass();
      }
    },
    pass: () => reaper.pass(),
    sleep: (ms: number) => (nowMs += ms),
  };
}

describe('the reaper', () => {
  it('closes the sessions of a gateway that fell silent, and estimates what they owed', async () => {
    const gateway = await new Gateway().open();
    await aReaper().watchFor(SILENCE_MS + 10_000);
    const session = await gateway.session();
    expect(session).toMatchObject({ endCause: 'gateway_lost', closeCode: null });
    expect(session?.durationMs).toBeGreaterThanOrEqual(5_000);
    const usage = await gateway.usage();
    expect(usage).toMatchObject([
      {
        ratingState: 'pending',
        event: {
          evidence: 'estimated',
          vendorObjectId: 'resp_1',
          occurredAtMs: OPENED_MS + 5_000,
          quantities: [{ meter: 'input_text', quantityMicro: 12_000_000n }],
          estimate: { doubts: ['seen_in_part'], confidence: 'medium', billing: 'bill' },
        },
      },
    ]);
    expect(await postgres.db.usageEvent.findMany({ select: { causedBy: true } })).toEqual([{ causedBy: 'policy' }]);
    expect(await postgres.db.owedUsage.count()).toBe(0);
  });

  it('never closes a session that lives, however long it watches and whatever it missed', async () => {
    const gateway = await new Gateway().open();
    const reaper = aReaper();
    await reaper.watchFor(2 * SILENCE_MS, () => gateway.beat());
    // The database was away for both: the gateway could not beat, and the worker could not look.
    await reaper.watchFor(SILENCE_MS - 10_000);
    reaper.sleep(10 * SILENCE_MS);
    await reaper.watchFor(10_000);
    await reaper.watchFor(60_000, () => gateway.beat());
    expect(await gateway.session()).toMatchObject({ endCause: null });
    expect(await gateway.usage()).toEqual([]);
    expect(await postgres.db.owedUsage.count()).toBe(1);
  });

  it('lets a gateway alone that beats between the look and the close', async () => {
    const gateway = await new Gateway().open();
    await gateway.beat();
    const lost = { replicaId: gateway.replicaId, beats: 1 };
    expect(await closeLost(postgres.db, lost)).toEqual({ sessions: 0, estimates: [], more: false });
    expect(await gateway.session()).toMatchObject({ endCause: null });
  });

  it('closes at once what another process has taken over, but not before its leftovers are stored', async () => {
    const dead = await new Gateway('spl_shared', 1).open();
    const heir = new Gateway('spl_shared', 2);
    const reaper = aReaper();
    await heir.beat(false);
    await reaper.pass();
    expect(await dead.session()).toMatchObject({ endCause: null });
    await heir.beat(true);
    await reaper.pass();
    expect(await dead.session()).toMatchObject({ endCause: 'gateway_lost' });
    expect(await dead.usage()).toHaveLength(1);
  });

  it('takes a later run that has stored anything as proof that the leftovers are stored', async () => {
    const dead = await new Gateway('spl_busy', 1).open();
    const heir = await new Gateway('spl_busy', 2).open();
    await heir.beat(false);
    await aReaper().pass();
    expect(await dead.session()).toMatchObject({ endCause: 'gateway_lost' });
    expect(await heir.session()).toMatchObject({ endCause: null });
  });

  it('makes one estimate however many workers look at once and however often', async () => {
    const dead = await new Gateway('spl_twice', 1).open();
    await new Gateway('spl_twice', 2).beat();
    const reapers = [aReaper(), aReaper(), aReaper()];
    for (let round = 0; round < 3; round++) await Promise.all(reapers.map((reaper) => reaper.pass()));
    expect(await dead.usage()).toHaveLength(1);
    expect(await dead.session()).toMatchObject({ endCause: 'gateway_lost' });
  });

  it('is corrected by a gateway that was alive after all', async () => {
    const gateway = await new Gateway().open();
    await aReaper().watchFor(SILENCE_MS + 10_000);
    await gateway.ends('client_closed');
    expect(await gateway.session()).toMatchObject({ endCause: 'client_closed', closeCode: 1000, durationMs: 60_000 });
  });

  it('forgets gateways that are long gone and have nothing open', async () => {
    const gone = new Gateway();
    await gone.beat();
    const open = await new Gateway().open();
    await postgres.db.$executeRaw`UPDATE gateway_replica SET beat_at = now() - interval '2 days'`;
    await aReaper().pass();
    const left = await postgres.db.gatewayReplica.findMany();
    expect(left.map(({ replicaId }) => replicaId)).toEqual([open.replicaId]);
  });
});
