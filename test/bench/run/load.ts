// Both ends of a measurement, the load client and the upstream, as one object. Guarantees that groups are opened whole
// or the run fails, and that a group is closed only after the last frames were accounted for.
import type { ChildProcess } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Target } from '../client/dial.js';
import type { Certificate } from '../lanes/lane.js';
import { CORE, forkPinned, stopProcess } from '../process/pinned.js';
import { Peer } from '../process/rpc.js';
import type { Behaviour } from '../workload/behaviour.js';
import { GroupFigures } from '../workload/group-stats.js';

const BENCH = join(dirname(fileURLToPath(import.meta.url)), '..');
/**
 * Room for short-lived chunks, and no helper threads for collecting them: on one core these wait for each other, and the
 * load's own pauses would be read as a proxy's latency.
 */
const LOAD_NODE_ARGS = ['--max-semi-space-size=64', '--single-threaded-gc'];
const CONCURRENT_HANDSHAKES = 24;
const TAIL_DEADLINE_MS = 10_000;
/** Longer than the pause between two frames of a turn, even on a busy machine. */
const TAIL_LOOK_MS = 300;
/** A gateway may wait 10 s for the end of a response that its client left; a thousand of them take their time. */
const CLOSE_DEADLINE_MS = 30_000;

const Ports = z.object({ plain: z.number(), tls: z.number() });
const OpenOutcome = z.object({
  opened: z.number(),
  failed: z.number(),
  firstError: z.string().nullable(),
  tookMs: z.number(),
});
const HandshakeOutcome = z.object({
  completed: z.number(),
  failed: z.number(),
  firstError: z.string().nullable(),
  p50Us: z.number().nullable(),
  p99Us: z.number().nullable(),
});
const Nothing = z.unknown();

/** What both ends counted for one group. */
export interface BothEnds {
  client: GroupFigures;
  upstream: GroupFigures;
}

/** The load side of the benchmark. */
export class Load {
  private constructor(
    private readonly client: Peer,
    private readonly upstream: Peer,
    readonly ports: z.infer<typeof Ports>,
  ) {}

  /** Starts both processes on the load core. */
  static async start({ certPath, keyPath }: Certificate): Promise<Load> {
    const script = (name: string): string => join(BENCH, name, 'main.js');
    const upstream = new Peer(
      await forkPinned(CORE.load, script('upstream'), LOAD_NODE_ARGS, [certPath, keyPath]),
      'upstream',
    );
    const client = new Peer(await forkPinned(CORE.load, script('client'), LOAD_NODE_ARGS, []), 'client');
    return new Load(client, upstream, await upstream.call('ports', null, Ports));
  }

  /** The processes of the load side, whose CPU shows whether the load was the bottleneck. */
  get pids(): number[] {
    return [this.client.child.pid ?? 0, this.upstream.child.pid ?? 0];
  }

  /**
   * Opens sessions; fails when one of them does. Gives the milliseconds it took. Sessions of a fresh load say nothing
   * before `speak`, so that thousands can be opened without the first drowning the last.
   */
  async open(target: Target, group: string, behaviour: Behaviour, sessions: number): Promise<number> {
    const request = { target, group, behaviour, sessions, concurrency: CONCURRENT_HANDSHAKES };
    const outcome = await this.client.call('open', request, OpenOutcome);
    if (outcome.failed === 0) return outcome.tookMs;
    throw new Error(`${outcome.failed} of ${sessions} sessions did not open, first: ${outcome.firstError}`);
  }

  /** Begins a window on both ends. */
  async openWindow(): Promise<void> {
    await Promise.all([this.client, this.upstream].map((peer) => peer.call('openWindow', null, Nothing)));
  }

  /** The figures of a group on both ends. */
  async figures(group: string): Promise<BothEnds> {
    const of = async (peer: Peer): Promise<GroupFigures> => {
      const all = await peer.call('figures', null, z.array(GroupFigures));
      const found = all.find((figures) => figures.group === group);
      if (!found) throw new Error(`no figures for group ${group}`);
      return found;
    };
    const [client, upstream] = await Promise.all([of(this.client), of(this.upstream)]);
    return { client, upstream };
  }

  /** Lets both ends send. */
  async speak(): Promise<void> {
    await Promise.all([this.client, this.upstream].map((peer) => peer.call('setSpeaking', true, Nothing)));
  }

  /** Silences both ends and waits until turns have ended and every frame of the group has arrived, or the deadline. */
  async drain(group: string): Promise<BothEnds> {
    await Promise.all([this.client, this.upstream].map((peer) => peer.call('setSpeaking', false, Nothing)));
    const until = performance.now() + TAIL_DEADLINE_MS;
    let before = await this.figures(group);
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, TAIL_LOOK_MS));
      const now = await this.figures(group);
      const isStill = now.client.sent === before.client.sent && now.upstream.sent === before.upstream.sent;
      if ((isStill && missing(now) === 0) || performance.now() > until) return now;
      before = now;
    }
  }

  /** Ends one group on both ends, also where an end has stopped reading, and keeps the others. */
  async cutGroup(group: string): Promise<void> {
    await this.client.call('close', { group }, Nothing);
    await this.upstream.call('cut', group, Nothing);
  }

  /** Ends everything on both ends without asking whether the proxy noticed: after a cell that failed. */
  async abandon(): Promise<void> {
    await this.client.call('close', { group: null }, Nothing);
    await this.upstream.call('cut', null, Nothing);
    await this.upstream.call('forget', null, Nothing);
  }

  /** Closes all sessions, waits until the upstream has lost them too, and forgets the counters. */
  async closeAll(): Promise<void> {
    await this.client.call('close', { group: null }, Nothing);
    const until = performance.now() + CLOSE_DEADLINE_MS;
    while ((await this.upstream.call('openSessions', null, z.number())) > 0) {
      if (performance.now() > until) throw new Error('the proxy keeps upstream sessions open after the clients left');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await this.upstream.call('forget', null, Nothing);
  }

  /** Runs handshakes only. */
  handshakes(target: Target, workers: number, durationMs: number): Promise<z.infer<typeof HandshakeOutcome>> {
    return this.client.call('handshakes', { target, workers, durationMs }, HandshakeOutcome);
  }

  /** Ends both processes. */
  async stop(): Promise<void> {
    const children: ChildProcess[] = [this.client.child, this.upstream.child];
    await Promise.all(children.map(stopProcess));
  }
}

/** Frames sent by either end that the other has not received. */
export function missing({ client, upstream }: BothEnds): number {
  return client.sent - upstream.received + upstream.sent - client.received;
}
