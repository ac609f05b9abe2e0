// A response that straddles midnight, counted by the vendor on the day it began: reconciled from both sides of midnight it
// is timing and nothing else.
import { afterEach, expect, jest, test } from '@jest/globals';
import { ZERO } from '@trunkline/kernel';
import { readResponseUsage } from '@trunkline/providers/adapters/openai';
import { openAiBooks } from '@trunkline/providers/adapters/openai-usage';
import { reconcileDay, type OurUse } from '@trunkline/reporting';
import { startSimulator, type Simulator } from '../../../apps/simulator/index.js';
import { clockFrom } from '../../support/other-date.js';
import { at, connect } from './support/client.js';
import { CALM, userText } from './support/harness.js';

jest.setTimeout(30_000);

const DAY_MS = 86_400_000;
const MIDNIGHT = Date.parse('2026-11-20T00:00:00Z');

let simulator: Simulator | null = null;
afterEach(() => simulator?.close());

test('a response that straddles midnight is timing on both days', async () => {
  const clock = clockFrom(MIDNIGHT - 1_000);
  const latency = { firstEventMs: 0, firstDeltaMs: 1_200, textDeltaMs: 0, rateLimitsMs: 1 };
  simulator = await startSimulator({ clock, config: { latency, organization: { countedAt: 'start' } } });
  const client = await connect(`${simulator.wsUrl}?model=gpt-realtime`);
  client.send(CALM);
  client.send(userText('What day is it?'));
  client.send({ type: 'response.create' });
  const done = await client.event('response.done');
  const nowMs = clock.now();
  client.socket.close();
  expect(nowMs).toBeGreaterThan(MIDNIGHT);

  const ours = readResponseUsage(at(done, 'response.usage')).quantities.map(({ meter, quantityMicro }): OurUse => ({
    ...{ dayMs: MIDNIGHT, model: 'gpt-realtime', meter, reportedMicro: quantityMicro, nearStartMicro: quantityMicro },
    ...{ estimatedMicro: 0n, unbookedMicro: 0n, nearEndMicro: 0n, cost: ZERO },
  }));
  const books = openAiBooks({ baseUrl: `${simulator.httpUrl}/v1`, adminKey: 'sk-admin-simulator' });
  const usage = await books.usage({ fromMs: MIDNIGHT - 2 * DAY_MS, toMs: MIDNIGHT + 2 * DAY_MS, projectIds: [] });
  const theirs = usage.map((use) => ({ ...use, dayMs: Math.floor(use.hourMs / DAY_MS) * DAY_MS }));
  for (const dayMs of [MIDNIGHT - DAY_MS, MIDNIGHT]) {
    const day = reconcileDay({
      dayMs,
      ours,
      unreported: [],
      theirs,
      charges: null,
      ownKeys: null,
      worthOf: () => null,
    });
    expect(day.differences.map((each) => each.class)).toEqual(ours.map(() => 'timing'));
    expect(day.alarming).toBe(false);
  }
});
