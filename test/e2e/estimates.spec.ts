// Promise P4: a turn that died unreported leaves a labelled estimate in the books, never zero and never silent, whoever died:
// the upstream, the client, the report itself, or the gateway. Compared with the upstream's own books.
import { openDatabase, type Database } from '@trunkline/platform/database';
import { z } from 'zod';
import type { SimulatorOptions } from '../../apps/simulator/index.js';
import { appends, speech } from '../conformance/simulator/support/speech.js';
import { startBed, type GatewayBed } from '../support/gateway-bed.js';
import { eventually } from '../support/poll.js';
import { startTestPostgres, type TestPostgres } from '../support/postgres.js';
import { connect, textTurn, type ServerEvent, type VoiceClient } from '../support/voice-client.js';

type Faults = NonNullable<NonNullable<SimulatorOptions['config']>['faults']>;

let postgres: TestPostgres;
let db: Database;
let bed: GatewayBed;
beforeAll(async () => {
  postgres = await startTestPostgres();
  db = openDatabase(postgres.url, { poolMax: 2 });
  bed = await startBed({ flags: ['--database-url', postgres.url] });
}, 120_000);
afterAll(async () => {
  await bed.stop();
  await db.$disconnect();
  await postgres.stop();
}, 60_000);

const rowShape = z.object({
  kind: z.enum(['response', 'transcription']),
  object: z.string(),
  evidence: z.enum(['reported', 'estimated']),
  state: z.string(),
  problem: z.string().nullable(),
  method: z.string().nullable(),
  confidence: z.string().nullable(),
  doubts: z.string().nullable(),
  tokens: z.record(z.string(), z.number()),
  charges: z.number(),
});

/** The journal of a session, with how often each event was charged to the tenant. */
async function usageOf(sessionId: string) {
  const rows = await db.$queryRaw`
    SELECT kind, vendor_object_id AS object, evidence, rating_state AS state, problem, estimate->>'method' AS method,
           estimate->>'confidence' AS confidence, estimate->>'doubts' AS doubts,
           (SELECT coalesce(json_object_agg(q->>'meter', (q->>'quantityMicro')::float8 / 1000000), '{}')
              FROM jsonb_array_elements(quantities) AS q) AS tokens,
           (SELECT count(*)::int FROM ledger_transaction AS t
             WHERE t.usage_event_id = u.id AND t.purpose = 'tenant_charge') AS charges
      FROM usage_event AS u WHERE session_id = ${sessionId} ORDER BY occurred_at, evidence DESC`;
  return z.array(rowShape).parse(rows);
}

type Usage = Awaited<ReturnType<typeof usageOf>>[number];

const settled = (sessionId: string, count: number): Promise<Usage[]> =>
  eventually(
    `${count} events of ${sessionId} that were dealt with`,
    async () => {
      const rows = await usageOf(sessionId);
      return rows.length >= count && rows.every(({ state }) => state !== 'pending') ? rows : null;
    },
    30_000,
  );

function fault(fault: Faults[number] | null): void {
  bed.simulator.configure({ faults: fault === null ? [] : [fault] });
}

const call = (): Promise<VoiceClient> => connect(bed.product().ready.httpUrl, { apiKey: bed.product().ready.apiKey });

/** The upstream's record of a response; `usage` is what it had generated when the connection went. */
const oracleOf = (id: string) =>
  eventually('the upstream knows', () => {
    const all = bed.simulator.books.list().flatMap(({ responses }) => responses);
    return all.find((response) => response.id === id && response.usage !== null) ?? null;
  });

async function expectLikeOracle(estimate: Usage, outputUnseenMax = DELTA_TOKENS_MAX): Promise<void> {
  const usage = (await oracleOf(estimate.object)).usage;
  const of = (pattern: RegExp) =>
    Object.entries(estimate.tokens).reduce((sum, [meter, count]) => (pattern.test(meter) ? sum + count : sum), 0);
  const { input_token_details: input, output_token_details: output } = usage ?? z.never().parse(usage);
  expect(Math.abs(of(/^input_text/) - input.text_tokens)).toBeLessThanOrEqual(4 + input.text_tokens * 0.1);
  expect(Math.abs(of(/^input_audio/) - input.audio_tokens)).toBeLessThanOrEqual(3 + input.audio_tokens * 0.03);
  // Nothing is charged that was not generated; a delta that was under way when the connection broke may be missing.
  expect(of(/^output_audio$/)).toBeLessThanOrEqual(output.audio_tokens + 1);
  expect(of(/^output_audio$/)).toBeGreaterThanOrEqual(output.audio_tokens - outputUnseenMax);
}

// 32 KB of base64 are half a second of PCM.
const DELTA_TOKENS_MAX = 11;
const idOf = (event: ServerEvent) => z.object({ id: z.string() }).parse(event['response']).id;

describe('a response that is never reported is billed by a labelled estimate', () => {
  it.each([
    ['the upstream breaks off in the middle of it', { at: 'mid_response', action: 'reset', n: 12, times: 1 }],
    ['the upstream breaks off just before its end', { at: 'before_response_done', action: 'reset', times: 1 }],
    ['the upstream closes in the middle of it', { at: 'mid_response', action: 'close', n: 20, times: 1 }],
  ] as const)(
    'when %s',
    async (_name, what) => {
      const client = await call();
      await textTurn(client, 'Say something first.');
      fault({ match: {}, ...what });
      const from = client.events.length;
      client.send({ type: 'response.create' });
      const created = await client.next('response.created', from);
      await client.closed;
      fault(null);
      const [reported, estimated, ...more] = await settled(client.sessionId, 2);
      expect(more).toEqual([]);
      expect(reported).toMatchObject({ evidence: 'reported', state: 'rated', charges: 1, method: null });
      expect(estimated).toMatchObject({
        ...{ kind: 'response', object: idOf(created), evidence: 'estimated', state: 'rated', charges: 1 },
        ...{ method: 'seen_output_and_previous_context', confidence: 'high', doubts: '[]' },
      });
      if (estimated) await expectLikeOracle(estimated);
    },
    60_000,
  );

  it('when the upstream stands still, the client leaves and the wait for the rest is in vain; its transcription too', async () => {
    bed.simulator.configure({ transcription: { delayMs: 60_000, lateEvery: 0 } });
    const client = await call();
    const input = { turn_detection: null, transcription: { model: 'gpt-4o-mini-transcribe' } };
    client.send({ type: 'session.update', session: { type: 'realtime', audio: { input } } });
    await client.next('session.updated');
    for (const append of appends(speech('question'))) client.send(append);
    client.send({ type: 'input_audio_buffer.commit' });
    fault({ match: {}, at: 'mid_response', action: 'stall', n: 3, times: 1 });
    client.send({ type: 'response.create' });
    const deltas = () => client.events.filter(({ type }) => type.startsWith('response.') && type.endsWith('.delta'));
    await eventually('the upstream stands still', () => (deltas().length >= 3 ? true : null));
    await client.close();
    const rows = await settled(client.sessionId, 2);
    fault(null);
    bed.simulator.configure({ transcription: { delayMs: 150, lateEvery: 0 } });
    const [heard] = rows.filter(({ kind }) => kind === 'transcription');
    const [spoken] = rows.filter(({ kind }) => kind === 'response');
    expect(rows).toHaveLength(2);
    const seconds = speech('question').length / 48_000;
    expect(heard).toMatchObject({ evidence: 'estimated', state: 'rated', charges: 1, method: 'heard_audio' });
    expect(heard?.tokens['transcription_input_audio']).toBeCloseTo(seconds * 10, -0.5);
    expect(spoken).toMatchObject({ evidence: 'estimated', state: 'rated', charges: 1, confidence: 'medium' });
    // It went on generating behind the standstill.
    if (spoken) await expectLikeOracle(spoken, Infinity);
  }, 60_000);

  it('when its end comes without usage: the empty report waits for a person, and the call goes on', async () => {
    const client = await call();
    fault({ match: {}, at: 'before_response_done', action: 'missing_usage', times: 1 });
    const done = await textTurn(client, 'How are you?');
    fault(null);
    await textTurn(client, 'And now?');
    await client.close();
    const rows = await settled(client.sessionId, 3);
    const [empty, estimate] = ['reported', 'estimated'].map((evidence) =>
      rows.find((row) => row.object === idOf(done) && row.evidence === evidence),
    );
    expect(rows).toHaveLength(3);
    expect(empty).toMatchObject({ state: 'parked', problem: 'usage_missing', charges: 0 });
    expect(estimate).toMatchObject({ state: 'rated', charges: 1, confidence: 'medium', doubts: '["no_report_yet"]' });
    if (estimate) await expectLikeOracle(estimate);
  }, 60_000);

  it('when the gateway is killed in the middle of it: the next one drains, the worker estimates and ends the session', async () => {
    bed.simulator.configure({ reply: { audioSpeed: 1, audioMs: 60_000 } });
    const client = await call();
    client.send({ type: 'response.create' });
    const created = await client.next('response.created');
    const mark = await eventually(
      'a mark of what was spoken',
      async () => {
        const [row] = await db.owedUsage.findMany({ where: { sessionId: client.sessionId } });
        const { facts } = z.object({ facts: z.object({ spoken_ms: z.number() }) }).parse(row?.seen ?? NOTHING_SEEN);
        return facts.spoken_ms > 0 ? facts.spoken_ms : null;
      },
      20_000,
    );
    await bed.product().kill();
    bed.simulator.configure({ reply: { audioSpeed: 8, audioMs: null } });
    await bed.restart();
    const [estimate, ...more] = await settled(client.sessionId, 1);
    expect(more).toEqual([]);
    expect(estimate).toMatchObject({
      ...{ object: idOf(created), evidence: 'estimated', state: 'rated', charges: 1, confidence: 'medium' },
      doubts: '["no_report_yet", "seen_in_part"]',
    });
    expect(estimate?.tokens['output_audio']).toBeGreaterThanOrEqual(Math.floor(mark / 50));
    // A mark every two seconds: what came after the last one is lost, and at this speed that is no more.
    const generatedMs = (await oracleOf(idOf(created))).audioMs;
    expect(Number(estimate?.tokens['output_audio']) * 50).toBeGreaterThan(generatedMs - 5_000);
    const session = await eventually('the end', () =>
      db.session.findFirst({ where: { id: client.sessionId, endCause: { not: null } } }),
    );
    expect(session).toMatchObject({ endCause: 'gateway_lost', closeCode: null });
    expect(await db.session.count({ where: { endCause: null, openedAt: { not: null } } })).toBe(0);
    expect(await db.owedUsage.count()).toBe(0);
  }, 90_000);
});

const NOTHING_SEEN = { facts: { spoken_ms: 0 } };
