// The calls that a gateway which is really full refused, asked of later: who would have been let in under a bigger cap.
import { request } from 'node:http';
import { z } from 'zod';
import { startBed, type GatewayBed } from '../support/gateway-bed.js';
import { eventually } from '../support/poll.js';
import { runProgram } from '../support/product.js';
import { connect, tryConnect } from '../support/voice-client.js';

/** Records of refusals are written every five seconds, and a command takes some. */
const DEADLINE_MS = 60_000;

const Forecast = z.object({
  atOnce: z.number(),
  refused: z.number(),
  refusedBecause: z.record(z.string(), z.number()),
  refusedBefore: z.object({ calls: z.number(), admitted: z.number() }),
});
const Answer = z.object({
  notes: z.array(z.string()),
  now: z.object({ all: Forecast }),
  then: z.object({ all: Forecast }),
});

let bed: GatewayBed;
beforeAll(async () => {
  bed = await startBed({ flags: ['--seed-caps', '1'] });
}, 120_000);
afterAll(() => bed.stop(), 60_000);

async function whatIf(...args: string[]): Promise<z.output<typeof Answer>> {
  const { code, stdout, stderr } = await runProgram('cli', [
    'pool',
    'what-if',
    ...args,
    '--json',
    '--data-dir',
    bed.dataDir,
  ]);
  if (code !== 0) throw new Error(stderr);
  return Answer.parse(JSON.parse(stdout));
}

/** What-if, once so many calls are in the record that got no session. */
const recorded = (refused: number) =>
  eventually(
    `${refused} refused calls in the record`,
    async () => {
      const answer = await whatIf();
      return answer.then.all.refusedBefore.calls === refused ? answer : null;
    },
    DEADLINE_MS,
  );

it('lets the calls in that a full gateway refused, as far as the bigger cap has lines', async () => {
  const { httpUrl, apiKey } = bed.product().ready;
  const held = await connect(httpUrl, { apiKey });
  for (let i = 0; i < 3; i++)
    expect(await tryConnect(httpUrl, { apiKey, query: 'model=gpt-realtime' })).toMatchObject({ status: 429 });
  // While the session is still open, so that it outlasts the refused ones by far.
  await recorded(3);
  await held.close();
  const { notes, now, then } = await eventually(
    'the session has ended in the record',
    async () => {
      const answer = await whatIf('--cap', '3', '--sessions-max', 'none');
      return answer.now.all.refused === 3 ? answer : null;
    },
    DEADLINE_MS,
  );
  expect(notes[0]).toMatch(/^4 calls recorded from .*: 1 had a session, 3 were refused or gave up\.$/);
  // The first tenant of an installation has the same cap as its pool.
  expect(now.all).toMatchObject({ atOnce: 1, refusedBecause: { tenant: 3 }, refusedBefore: { calls: 3, admitted: 0 } });
  // Each would have lasted as long as the session, so the third finds it and the first two.
  expect(then.all).toMatchObject({ atOnce: 3, refusedBecause: { pool: 1 }, refusedBefore: { calls: 3, admitted: 2 } });
}, 150_000);

it('knows of a call that gave up in line', async () => {
  const { httpUrl, apiKey } = bed.product().ready;
  const swaps = () => bed.product().stderr().split('"event":"policy_swapped"').length;
  const before = swaps();
  const limits = ['tenant', 'limits', 'default', '--wait', '60s', '--json', '--data-dir', bed.dataDir];
  expect(await runProgram('cli', limits)).toMatchObject({ code: 0 });
  await eventually('the gateway goes by the new policy', () => (swaps() > before ? true : null));
  const held = await connect(httpUrl, { apiKey });
  const gone = new AbortController();
  const headers = {
    ...{ authorization: `Bearer ${apiKey}`, connection: 'Upgrade', upgrade: 'websocket' },
    ...{ 'sec-websocket-version': '13', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' },
  };
  const url = `${httpUrl}/v1/realtime?model=gpt-realtime&wait_ms=50000`;
  request(url, { headers, signal: gone.signal })
    .on('error', () => undefined)
    .end();
  await eventually('a call is in line', async () => {
    const text = await (await fetch(bed.product().ready.metricsUrl)).text();
    return /^trunkline_waiting_calls 1$/m.test(text) ? true : null;
  });
  gone.abort();
  expect((await recorded(4)).notes[0]).toContain('4 were refused or gave up');
  await held.close();
}, 150_000);
