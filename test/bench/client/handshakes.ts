// Handshakes per second: connect, upgrade, first event, close, over and over by a fixed number of workers. Guarantees
// that only complete ones count and that all sockets are gone when it returns.
import type { Socket } from 'node:net';
import { Histogram } from '../workload/histogram.js';
import { buildFrame, FrameReader, OPCODE } from '../wire/frame.js';
import { dial, type Target } from './dial.js';

const CYCLE_DEADLINE_MS = 20_000;
const NORMAL_CLOSURE = buildFrame(OPCODE.close, Buffer.from([0x03, 0xe8]), 0x01020304);

/** How many handshakes were made, how many failed, and how long one took. */
export interface HandshakeOutcome {
  completed: number;
  failed: number;
  firstError: string | null;
  p50Us: number | null;
  p99Us: number | null;
}

/** Runs `workers` loops for `durationMs`. */
export async function handshakes(target: Target, workers: number, durationMs: number): Promise<HandshakeOutcome> {
  const outcome: HandshakeOutcome = { completed: 0, failed: 0, firstError: null, p50Us: null, p99Us: null };
  const times = new Histogram();
  const until = performance.now() + durationMs;
  const worker = async (): Promise<void> => {
    while (performance.now() < until) {
      const started = performance.now();
      try {
        await cycle(target, () => times.record((performance.now() - started) * 1000));
        outcome.completed += 1;
      } catch (error) {
        outcome.failed += 1;
        outcome.firstError ??= error instanceof Error ? error.message : String(error);
      }
    }
  };
  await Promise.all(Array.from({ length: workers }, worker));
  return { ...outcome, p50Us: times.quantile(0.5), p99Us: times.quantile(0.99) };
}

/** One session from connect to closed; `onGreeted` is called at its first event. */
async function cycle(target: Target, onGreeted: () => void): Promise<void> {
  let socket: Socket | null = null;
  let greeted = false;
  const reader = new FrameReader((frame) => {
    if (frame.opcode !== OPCODE.text || greeted) return;
    greeted = true;
    onGreeted();
    socket?.end(NORMAL_CLOSURE);
  });
  const closed = new Promise<void>((resolve, reject) => {
    const deadline = setTimeout(() => {
      socket?.destroy();
      reject(new Error('the target did not close in time'));
    }, CYCLE_DEADLINE_MS);
    const settle = (): void => {
      clearTimeout(deadline);
      if (greeted) resolve();
      else reject(new Error('the target closed before its first event'));
    };
    dial(target, {
      onOpen: (opened) => (socket = opened),
      onData: (bytes, length) => reader.push(bytes, length),
      onClose: settle,
    }).catch((error: unknown) => {
      clearTimeout(deadline);
      reject(error instanceof Error ? error : new Error(String(error)));
    });
  });
  await closed;
}
