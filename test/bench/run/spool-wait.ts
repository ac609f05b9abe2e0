// Reads from the product's own metrics how long frames that bear usage waited until their usage was durable.
import { get } from 'node:http';
import type { RunningLane } from '../lanes/lane.js';

const METRIC = 'trunkline_journal_append_seconds';

/** A Prometheus histogram: how many observations lay at or below each bound, in seconds. */
export type Buckets = ReadonlyMap<number, number>;

/** The histogram of spool waits so far; empty for lanes that have none. */
export async function spoolWaits(lane: RunningLane): Promise<Buckets> {
  if (lane.metricsUrl === null) return new Map();
  const url = lane.metricsUrl.endsWith('/metrics') ? lane.metricsUrl : new URL('/metrics', lane.metricsUrl).href;
  return readBuckets(await fetchText(url), METRIC);
}

/** The buckets of a histogram in Prometheus's text format, summed over its other labels. */
export function readBuckets(text: string, metric: string): Buckets {
  const counts = new Map<number, number>();
  for (const [, le, count] of text.matchAll(new RegExp(`^${metric}_bucket\\{[^}]*le="([^"]+)"[^}]*\\} (\\S+)`, 'gm'))) {
    const bound = le === '+Inf' ? Infinity : Number(le);
    counts.set(bound, (counts.get(bound) ?? 0) + Number(count));
  }
  return counts;
}

/**
 * A quantile, in milliseconds, of what was observed between two readings, interpolated as Prometheus does; null when
 * nothing was. Above the last finite bound nothing is known, and the answer is that bound.
 */
export function quantileBetween(before: Buckets, after: Buckets, q: number): number | null {
  const bounds = [...after.keys()].sort((a, b) => a - b);
  const countAt = (bound: number): number => (after.get(bound) ?? 0) - (before.get(bound) ?? 0);
  const wanted = countAt(Infinity) * q;
  if (wanted <= 0) return null;
  let below = { bound: 0, count: 0 };
  for (const bound of bounds) {
    const count = countAt(bound);
    if (count < wanted) {
      below = { bound, count };
      continue;
    }
    const share = bound === Infinity ? 0 : (wanted - below.count) / Math.max(1, count - below.count);
    return (below.bound + (Math.min(bound, Number.MAX_VALUE) - below.bound) * share) * 1000;
  }
  return null;
}

function fetchText(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get(url, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve(Buffer.concat(chunks).toString()));
      response.on('error', reject);
    }).on('error', reject);
  });
}
