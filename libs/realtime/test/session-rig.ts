// A session between two wires in memory, with a clock that stands still until it is told to go.
import { RELAY_LIMITS, type RelayLimits } from '../core/limits.js';
import { SILENT_PROBE, type RelayProbe } from '../core/probe.js';
import { Session } from '../core/session.js';
import type { FrameTap } from '../core/tap.js';
import type { Ticker } from '../core/ticker.js';
import { FakeWire } from './fake-wire.js';
import { read } from './frames.js';

/** Sweeps when told to, each sweep one second later. */
export class HandTicker implements Ticker {
  private now = 1000;
  private readonly sweeps = new Set<(nowMs: number) => void>();

  nowMs(): number {
    return this.now;
  }

  add(sweep: (nowMs: number) => void): () => void {
    this.sweeps.add(sweep);
    return () => this.sweeps.delete(sweep);
  }

  /** How many are still swept. */
  get size(): number {
    return this.sweeps.size;
  }

  pass(seconds: number): void {
    for (let i = 0; i < seconds; i++) {
      this.now += 1000;
      for (const sweep of this.sweeps) sweep(this.now);
    }
  }
}

export interface Rig {
  readonly session: Session;
  readonly client: FakeWire;
  readonly upstream: FakeWire;
  readonly ticker: HandTicker;
  /** What the client and the upstream have read so far. */
  clientRead(): string[];
  upstreamRead(): string[];
}

export interface RigOptions {
  readonly limits?: Partial<RelayLimits>;
  readonly fromClient?: FrameTap | null;
  readonly fromUpstream?: FrameTap | null;
  readonly clientHead?: Buffer;
  readonly upstreamHead?: Buffer;
  readonly probe?: RelayProbe;
}

/** A started session. */
export function rig(options: RigOptions = {}): Rig {
  const client = new FakeWire();
  const upstream = new FakeWire();
  const ticker = new HandTicker();
  let masks = 0x1000_0000;
  const session = new Session({
    id: 'ses_test',
    client,
    upstream,
    clientHead: options.clientHead ?? Buffer.alloc(0),
    upstreamHead: options.upstreamHead ?? Buffer.alloc(0),
    taps: { fromClient: options.fromClient ?? null, fromUpstream: options.fromUpstream ?? null },
    limits: { ...RELAY_LIMITS, ...options.limits },
    ticker,
    probe: options.probe ?? SILENT_PROBE,
    maskKey: () => (masks += 0x0101_0101) >>> 0,
  });
  session.start();
  return {
    session,
    client,
    upstream,
    ticker,
    clientRead: () => read(client.output, 'server'),
    upstreamRead: () => read(upstream.output, 'client'),
  };
}

/** Lets promises that are ready run on. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}
