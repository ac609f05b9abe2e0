// Clients that come and go: each calls some living gateway, waits for a line as long as it may, holds it for some
// seconds with a turn now and then, hangs up and comes again. What happened to each tenant's calls is counted here.
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { textTurn, tryConnect, type VoiceClient } from '../../support/voice-client.js';
import type { LetIn } from './hand-overs.js';
import type { World, WorldTenant } from './world.js';

/** What became of the calls. */
export interface CallCounts {
  admitted: number;
  refused: number;
  /** The gateway was killed under the call, or was not there. */
  cut: number;
  /** Refused in another way than for want of a line: a defect. */
  odd: string[];
}

/** The calls of a run. */
export interface CallsSeen {
  readonly counts: CallCounts;
  /** By the id of the upstream's session. */
  readonly letIn: Map<string, LetIn>;
}

const HOLD_MS = [1_500, 4_500] as const;
const PAUSE_MS = [50, 250] as const;

/** Runs `each` clients for every tenant until `signal` fires. */
export async function callersOf(world: World, each: number, signal: AbortSignal): Promise<CallsSeen> {
  const seen: CallsSeen = { counts: { admitted: 0, refused: 0, cut: 0, odd: [] }, letIn: new Map() };
  const callers = world.tenants.flatMap((tenant) => Array.from({ length: each }, () => caller(world, tenant)));
  await Promise.all(callers.map((call) => until(signal, () => call(seen, signal))));
  return seen;
}

async function until(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  // Nobody comes at the same moment as everybody else.
  await pause(between(0, 1_000), signal);
  while (!signal.aborted) {
    await work();
    await pause(between(...PAUSE_MS), signal);
  }
}

function caller(world: World, { apiKey }: WorldTenant) {
  return async (seen: CallsSeen, signal: AbortSignal): Promise<void> => {
    const { counts } = seen;
    const askedAtMs = Date.now();
    const gateways = [...world.gateways.values()];
    const gateway = gateways[Math.floor(Math.random() * gateways.length)];
    const outcome = gateway ? await tryConnect(gateway.ready.httpUrl, { apiKey }).catch(() => null) : null;
    if (outcome === null) counts.cut += 1;
    else if ('status' in outcome) {
      refused(counts, outcome.status, outcome.error.code);
      await pause(Number(outcome.headers['retry-after'] ?? 1) * 1_000, signal);
    } else {
      const heardAtMs = Date.now();
      await hold(outcome, counts, signal);
      const id = upstreamId(outcome);
      if (id !== null) seen.letIn.set(id, { askedAtMs, heardAtMs });
    }
  };
}

// A stopped gateway drains; a Redis that is away closes admissions for a while.
const EXPECTED = ['429 rate_limit_exceeded', '503 draining', '503 admission_unavailable'];

function refused(counts: CallCounts, status: number, code: string): void {
  const what = `${status} ${code}`;
  if (EXPECTED.includes(what)) counts.refused += 1;
  else counts.odd.push(what);
}

const Created = z.object({ type: z.literal('session.created'), session: z.object({ id: z.string() }) });

/** Null where it was cut before it heard of its session. */
function upstreamId({ events }: VoiceClient): string | null {
  const created = Created.safeParse(events.find(({ type }) => type === 'session.created'));
  return created.success ? created.data.session.id : null;
}

async function hold(client: VoiceClient, counts: CallCounts, signal: AbortSignal): Promise<void> {
  counts.admitted += 1;
  const closed = client.closed.then(() => 'closed' as const);
  const talk = textTurn(client, 'Hello?').then(
    () => null,
    () => null,
  );
  const ended = await Promise.race([closed, pause(between(...HOLD_MS), signal)]);
  if (ended === 'closed') counts.cut += 1;
  else await client.close();
  await talk;
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
}

function between(least: number, most: number): number {
  return least + Math.random() * (most - least);
}
