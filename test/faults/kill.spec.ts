// Promise P3 against kill -9: whatever moment the gateway dies at, every `response.done` that a client received is in the
// ledger exactly once, with the quantities of the upstream's own books. And promise P4: what was running when the gateway
// died is in it once too, by an estimate.
import { openDatabase, type Database } from '@trunkline/platform/database';
import { z } from 'zod';
import { startBed, type GatewayBed } from '../support/gateway-bed.js';
import { eventually } from '../support/poll.js';
import { startTestPostgres, type TestPostgres } from '../support/postgres.js';
import { connect, textTurn, tryConnect } from '../support/voice-client.js';

const KILLS = 20;
const CLIENTS = 8;
const RUNNING = 'gpt-realtime-mini';
// What began so shortly before a kill may not have been on disk yet: no frame waits for that.
const UNRECORDED_MS_MAX = 2_000;
// Random in time, repeatable in order; printed by jest when the test fails.
const SEED = Number(process.hrtime.bigint() % 1_000_000n);

let postgres: TestPostgres;
let bed: GatewayBed;
let db: Database;
beforeAll(async () => {
  postgres = await startTestPostgres();
  db = openDatabase(postgres.url, { poolMax: 2 });
  bed = await startBed({
    flags: ['--database-url', postgres.url],
    simulator: {
      latency: { firstDeltaMs: 1, textDeltaMs: 1 },
      reply: { deltas: 2, audioSpeed: 100 },
      // A response of this model is still running whenever the gateway dies.
      faults: [{ match: { model: RUNNING }, at: 'mid_response', action: 'stall', n: 1 }],
    },
  });
}, 120_000);
afterAll(async () => {
  await bed.stop();
  await db.$disconnect();
  await postgres.stop();
}, 60_000);

/** Talks turn after turn until the line breaks; returns the ids of all responses whose end the client saw. */
async function talkUntilCut(): Promise<string[]> {
  const { httpUrl, apiKey } = bed.product().ready;
  const client = await tryConnect(httpUrl, { apiKey }).catch(() => null);
  if (client === null || 'status' in client) return [];
  const cut = client.closed.then(() => true);
  while (!(await Promise.race([cut, textTurn(client, 'Go on.').then(() => false)]).catch(() => true)));
  return client.events.flatMap((event) =>
    event.type === 'response.done'
      ? [z.object({ response: z.object({ id: z.string() }) }).parse(event).response.id]
      : [],
  );
}

/** Begins a response that does not end, and waits until the journal knows of it. */
async function beginAndStay(): Promise<void> {
  const { httpUrl, apiKey } = bed.product().ready;
  const client = await connect(httpUrl, { apiKey, model: RUNNING });
  client.send({ type: 'response.create' });
  await eventually('the journal knows of the running response', () =>
    db.owedUsage.findFirst({ where: { sessionId: client.sessionId } }),
  );
}

/** How many responses the upstream has ended; the moment of a kill is a random number of them after its start. */
function responsesEnded(): number {
  return bed.simulator.books
    .list()
    .reduce((sum, { responses }) => sum + responses.filter((r) => r.doneFramesSent > 0).length, 0);
}

function randomCount(round: number): number {
  // A small linear congruential step: enough to spread the moments.
  return 1 + (((SEED + round * 7919) * 48_271) % 40);
}

interface Booked {
  readonly response: string;
  readonly events: number;
  readonly transactions: number;
  readonly tokens: number;
}

async function booked(): Promise<Booked[]> {
  const rows = await db.$queryRaw`
    SELECT event.vendor_object_id AS response,
           count(DISTINCT event.id)::int AS events,
           count(DISTINCT transaction.id)::int AS transactions,
           max((SELECT sum((each->>'quantityMicro')::numeric) / 1000000 FROM jsonb_array_elements(event.quantities) AS each))::int AS tokens
      FROM usage_event AS event LEFT JOIN ledger_transaction AS transaction ON transaction.usage_event_id = event.id
     WHERE event.kind = 'response' GROUP BY event.vendor_object_id`;
  return z
    .array(z.object({ response: z.string(), events: z.number(), transactions: z.number(), tokens: z.number() }))
    .parse(rows);
}

/** Each response that was running is in the books once: reported, or by an estimate that says what it is. */
async function expectNothingInvisible(killedAtMs: readonly number[]): Promise<void> {
  const responses = bed.simulator.books.list().flatMap((session) => session.responses);
  const isRecorded = ({ model, createdAt }: (typeof responses)[number]) =>
    model === RUNNING || killedAtMs.every((atMs) => createdAt > atMs || createdAt < atMs - UNRECORDED_MS_MAX);
  const generated = responses.filter(isRecorded).map(({ id }) => id);
  const rows = await eventually(
    'every response that was begun is accounted for',
    async () => {
      const all = await accounted();
      return generated.every((id) => all.has(id)) ? all : null;
    },
    60_000,
  );
  expect([...rows.values()].filter(({ reports, estimates }) => reports + estimates !== 1)).toEqual([]);
  const running = responses.filter(({ model }) => model === RUNNING);
  expect(running).toHaveLength(KILLS);
  for (const { id } of running) expect(rows.get(id)).toMatchObject({ reports: 0, estimates: 1 });
  expect(await db.session.count({ where: { endCause: null, openedAt: { not: null } } })).toBe(0);
  expect(await db.owedUsage.count()).toBe(0);
}

async function accounted() {
  const rows = await db.$queryRaw`
    SELECT vendor_object_id AS response, count(*) FILTER (WHERE fact_id IS NULL)::int AS reports,
           count(*) FILTER (WHERE fact_id IS NOT NULL)::int AS estimates
      FROM usage_event WHERE kind = 'response' AND rating_state = 'rated' GROUP BY 1`;
  const shape = z.object({ response: z.string(), reports: z.number(), estimates: z.number() });
  return new Map(
    z
      .array(shape)
      .parse(rows)
      .map((row) => [row.response, row]),
  );
}

describe(`a gateway that is killed ${KILLS} times under load (seed ${SEED})`, () => {
  it('has every response that a client saw end in the ledger exactly once, as the upstream counted it', async () => {
    const seen: string[] = [];
    const killedAtMs: number[] = [];
    for (let round = 0; round < KILLS; round++) {
      await beginAndStay();
      const talks = Array.from({ length: CLIENTS }, talkUntilCut);
      const moment = responsesEnded() + randomCount(round);
      await eventually('the moment of the kill', () => (responsesEnded() >= moment ? true : null), 30_000);
      await bed.product().kill();
      killedAtMs.push(Date.now());
      seen.push(...(await Promise.all(talks)).flat());
      await bed.restart();
    }
    expect(seen.length).toBeGreaterThan(KILLS);
    expect(new Set(seen).size).toBe(seen.length);
    const rows = await eventually(
      'all that was seen is posted',
      async () => {
        const all = new Map((await booked()).map((row) => [row.response, row]));
        return seen.every((id) => (all.get(id)?.transactions ?? 0) > 0) ? all : null;
      },
      30_000,
    );
    const oracle = new Map(bed.simulator.books.list().flatMap((s) => s.responses.map((r) => [r.id, r] as const)));
    for (const id of seen) {
      const total = oracle.get(id)?.usage?.total_tokens;
      expect({ id, ...rows.get(id) }).toEqual({ id, response: id, events: 1, transactions: 2, tokens: total });
    }
    // What nobody saw may be in the ledger too, but never twice and never invented.
    for (const row of rows.values()) {
      expect(row.events).toBe(1);
      expect(oracle.has(row.response)).toBe(true);
    }
    await expectNothingInvisible(killedAtMs);
  }, 400_000);
});
