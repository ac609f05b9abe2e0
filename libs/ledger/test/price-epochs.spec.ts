// One session in each epoch of the vendor's prices, from the launch of October 2024 on, with the seeded price sheets,
// through rating into the ledger. The expected amounts are worked out by hand, in whole micro dollars: a price of p USD per
// million tokens is p micro dollars a token.
import { jest } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { formatAmount, parseAmount, type SessionId } from '@trunkline/kernel';
import type { Meter } from '@trunkline/metering';
import { importPrices } from '@trunkline/rating/adapters/prisma';
import { readPriceSheets } from '@trunkline/rating/adapters/seed';
import { startTestPostgres, type TestPostgres } from '../../../test/support/postgres.js';
import { journal, newSessionId, storedPrices, TENANT, usage } from './usage.js';
import { balancesOfTenant, costOfSession, postBatch } from '@trunkline/ledger/adapters/prisma';

const SEEDS = fileURLToPath(new URL('../../../prisma/seed/prices', import.meta.url));

// A real server on a machine that may be busy with other tests.
jest.setTimeout(60_000);

// A minute of the caller's voice (10 tokens a second) and a minute of the model's (20 a second), and some of everything
// else that an epoch prices.
const USED = {
  input_text: 1_000n,
  input_text_cached: 200n,
  input_audio: 600n,
  input_audio_cached: 400n,
  output_text: 300n,
  output_audio: 1_200n,
} as const;
type Used = Readonly<Record<keyof typeof USED, bigint>>;

interface Epoch {
  readonly sessionId: SessionId;
  readonly name: string;
  readonly model: string;
  readonly at: string;
  /** Micro dollars by meter. */
  readonly costs: Used;
  readonly total: bigint;
}

const EPOCHS: readonly Epoch[] = [
  {
    // Text 5 and 20, audio 100 and 200, no cached rate: cached tokens cost as the others. 0.06 USD a minute in, 0.24 out.
    sessionId: newSessionId(),
    name: 'launch, to its last millisecond',
    model: 'gpt-4o-realtime-preview',
    at: '2024-10-29T23:59:59.999Z',
    costs: {
      input_text: 1_000n * 5n,
      input_text_cached: 200n * 5n,
      input_audio: 60_000n,
      input_audio_cached: 400n * 100n,
      output_text: 300n * 20n,
      output_audio: 240_000n,
    },
    total: 352_000n,
  },
  {
    // Cached text 2.50, cached audio 20.
    sessionId: newSessionId(),
    name: 'caching, from its first millisecond',
    model: 'gpt-4o-realtime-preview-2024-10-01',
    at: '2024-10-30T00:00:00.000Z',
    costs: {
      input_text: 5_000n,
      input_text_cached: 500n,
      input_audio: 60_000n,
      input_audio_cached: 400n * 20n,
      output_text: 6_000n,
      output_audio: 240_000n,
    },
    total: 319_500n,
  },
  {
    // The cut of December 2024: audio 40 and 80, cached audio 2.50; the family's name moves to the new snapshot.
    sessionId: newSessionId(),
    name: 'the cut of December 2024',
    model: 'gpt-4o-realtime-preview',
    at: '2024-12-17T00:00:00.000Z',
    costs: {
      input_text: 5_000n,
      input_text_cached: 500n,
      input_audio: 600n * 40n,
      input_audio_cached: 1_000n,
      output_text: 6_000n,
      output_audio: 1_200n * 80n,
    },
    total: 132_500n,
  },
  {
    // General availability: text 4 and 16, audio 32 and 64, cached 0.40.
    sessionId: newSessionId(),
    name: 'gpt-realtime',
    model: 'gpt-realtime',
    at: '2025-08-28T00:00:00.000Z',
    costs: {
      input_text: 4_000n,
      input_text_cached: 80n,
      input_audio: 600n * 32n,
      input_audio_cached: 160n,
      output_text: 300n * 16n,
      output_audio: 1_200n * 64n,
    },
    total: 105_040n,
  },
  {
    // Text out 24.
    sessionId: newSessionId(),
    name: 'gpt-realtime-2',
    model: 'gpt-realtime-2',
    at: '2026-05-07T00:00:00.000Z',
    costs: {
      input_text: 4_000n,
      input_text_cached: 80n,
      input_audio: 19_200n,
      input_audio_cached: 160n,
      output_text: 300n * 24n,
      output_audio: 76_800n,
    },
    total: 107_440n,
  },
];

const MINUTES = newSessionId();

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startTestPostgres();
  const sheets = await readPriceSheets(SEEDS);
  const imported = sheets.ok ? await importPrices(postgres.db, sheets.value) : sheets;
  if (!imported.ok) throw new Error(imported.error.join('\n'));
  const inEpochs = EPOCHS.map(({ sessionId, model, at }) => usage({ sessionId, model, at, counts: USED }));
  const minutes = { model: 'gpt-live-1', at: '2026-11-21T12:00:00Z', counts: { session_seconds: 7n } };
  await journal(postgres.db, ...inEpochs, usage({ ...minutes, sessionId: MINUTES }));
  const posted = await postBatch(postgres.db, await storedPrices(postgres.db));
  if (posted.rated !== EPOCHS.length + 1) throw new Error('not everything was rated');
});
afterAll(async () => {
  await postgres.stop();
});

const costOf = (sessionId: SessionId) => costOfSession(postgres.db, TENANT, sessionId);
// Twelve digits, all of them said.
const picoOf = (micro: bigint): bigint => micro * 1_000_000n;

describe('a session in each epoch of prices', () => {
  it.each(EPOCHS)(
    '$name costs what was worked out by hand, to the twelfth digit',
    async ({ sessionId, costs, total }) => {
      const { lines, amount } = await costOf(sessionId);
      const charged: Record<string, bigint> = {};
      for (const line of lines) charged[line.meter] = line.amount;
      expect(charged).toEqual(
        Object.fromEntries(Object.entries(costs).map(([meter, micro]) => [meter, picoOf(micro)])),
      );
      expect(amount).toBe(picoOf(total));
    },
  );

  it('is per minute what the announcement said: about 0.06 USD in and 0.24 out', async () => {
    const [launch] = EPOCHS;
    const { lines } = await costOf(launch?.sessionId ?? MINUTES);
    const of = (meter: Meter) => lines.filter((line) => line.meter === meter).map((line) => formatAmount(line.amount));
    expect([of('input_audio'), of('output_audio')]).toEqual([['0.06'], ['0.24']]);
  });

  it('rounds only where a minute does not divide, half to even at the twelfth digit', async () => {
    // 7 x 0.05 / 60 = 0.00583333...
    expect((await costOf(MINUTES)).amount).toBe(5_833_333_333n);
  });

  it('adds up to what the tenant owes and what the vendor is owed', async () => {
    const owed = EPOCHS.reduce((sum, epoch) => sum + picoOf(epoch.total), 5_833_333_333n);
    expect(owed).toBe(parseAmount('1.022313333333'));
    const balances = await balancesOfTenant(postgres.db, TENANT);
    expect(balances).toMatchObject({ receivable: owed, revenue: -owed, cost_of_sales: owed, provider_payable: -owed });
  });
});
