// Runs of reconciliation over HTTP: what programs read, and what is refused. Comparing is for its own specs.
import { randomBytes } from 'node:crypto';
import { systemClock } from '@trunkline/kernel';
import { openLog } from '@trunkline/platform/logging';
import { Shutdown } from '@trunkline/platform/shutdown';
import { addNote } from '@trunkline/reporting/adapters/prisma';
import { keyHasher } from '@trunkline/tenancy';
import { z } from 'zod';
import { startTestPostgres, type TestPostgres } from '../../../../test/support/postgres.js';
import { startApi, type RunningApi } from '../index.js';

const TOKEN = 'the-token-of-the-operator';
const RUN = {
  ...{ poolId: 'pool_1', stage: 'final', trigger: 'manual', actor: 'ann', compared: 4, equal: 3, unbooked: 0 },
  ...{ oursCost: '1.5', theirsCost: null, unexplained: '2.25', alarming: true },
};

let postgres: TestPostgres;
let api: RunningApi;
const shutdown = new Shutdown(() => undefined);
beforeAll(async () => {
  postgres = await startTestPostgres();
  const { db } = postgres;
  const tenancy = { db, clock: systemClock, randomBytes, hashKey: keyHasher('pepper-of-the-reconcile-spec-0123') };
  const listener = { host: '127.0.0.1', port: 0, log: openLog('silent', process.stderr), shutdown };
  api = await startApi({ db, tenancy, upstream: 'vendor', lines: null, operatorToken: TOKEN, ...listener });
  for (const [id, day] of [
    ['rec_1', '2026-11-20'],
    ['rec_2', '2026-11-21'],
  ] as const)
    await db.reconciliationRun.create({ data: { ...RUN, id, day: new Date(day), ranAt: new Date(day) } });
  const difference = { class: 'foreign_use', upstreamKeyId: 'key_x', model: 'voice', meter: 'output_audio' };
  const figures = { ours: 0, estimated: 0, theirs: 5_000, difference: 5_000, amount: '0.32' };
  await db.reconciliationDifference.create({ data: { runId: 'rec_1', line: 1, ...difference, ...figures } });
  await addNote(db, 'rec_1', { line: 1, actor: 'ann', text: 'asked OpenAI' });
}, 60_000);
afterAll(async () => {
  await shutdown.run();
  await postgres.stop();
});

const ask = async (path: string, token = TOKEN) => {
  const response = await fetch(`${api.apiUrl}/reconciliation${path}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const answer = z.record(z.string(), z.unknown()).parse(await response.json());
  return { status: response.status, type: response.headers.get('content-type'), answer };
};

describe('reconciliation over HTTP', () => {
  it('lists runs, the newest first, as many as asked for', async () => {
    expect((await ask('')).answer).toMatchObject({
      runs: [
        { id: 'rec_2', classes: {} },
        { id: 'rec_1', classes: { foreign_use: 1 } },
      ],
    });
    expect((await ask('?limit=1')).answer).toMatchObject({ runs: [{ id: 'rec_2' }] });
  });

  it('shows a run with its differences, amounts as decimals in text, and what was said about them', async () => {
    expect(await ask('/rec_1')).toMatchObject({
      status: 200,
      answer: {
        run: { id: 'rec_1', day: '2026-11-20', oursCost: '1.5', theirsCost: null, unexplained: '2.25', notes: 1 },
        differences: [{ line: 1, class: 'foreign_use', theirs: '5000', amount: '0.32' }],
        notes: [{ line: 1, actor: 'ann', text: 'asked OpenAI' }],
      },
    });
  });

  it.each([
    ['a run that there is not', '/rec_9', 404, 'run_not_found'],
    ['a limit of none', '?limit=0', 400, 'invalid_query'],
    ['a limit of too many', '?limit=1001', 400, 'invalid_query'],
    ['a parameter of its own', '?pool=default', 400, 'invalid_query'],
    ['a parameter of one run', '/rec_1?limit=1', 400, 'invalid_query'],
  ])('refuses %s with a problem', async (_name, path, status, code) => {
    expect(await ask(path)).toMatchObject({
      status,
      type: 'application/problem+json; charset=utf-8',
      answer: { code },
    });
  });

  it('is shut to whoever is not signed in', async () => {
    for (const path of ['', '/rec_1']) expect((await ask(path, 'another')).status).toBe(401);
  });
});
