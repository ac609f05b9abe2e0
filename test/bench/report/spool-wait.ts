// Reads from the product's own metrics how long frames that bear usage waited until their usage was durable.
import { get } from 'node:http';

const METRIC = 'trunkline_journal_append_seconds';

/** The 99th percentile in milliseconds, interpolated as Prometheus does; null when nothing was observed. */
export async function spoolWaitP99Ms(metricsUrl: string): Promise<number | null> {
  const url = metricsUrl.endsWith('/metrics') ? metricsUrl : new URL('/metrics', metricsUrl).href;
  const seconds = histogramQuantile(await fetchText(url), METRIC, 0.99);
  return seconds === null ? null : seconds * 1000;
}

/** A quantile of a Prometheus histogram in text format, summed over its labels; null when it is empty or absent. */
export function histogramQuantile(text: string, metric: string, q: number): number | null {
  const counts = new Map<number, number>();
  for (const [, le, count] of text.matchAll(new RegExp(`^${metric}_bucket\\{[^}]*le="([^"]+)"[^}]*\\} (\\S+)`, 'gm'))) {
    const bound = le === '+Inf' ? Infinity : Number(le);
    counts.set(bound, (counts.get(bound) ?? 0) + Number(count));
  }
  const bounds = [...counts.keys()].sort((a, b) => a - b);
  const total = counts.get(Infinity) ?? 0;
  if (total === 0) return null;
  let below = { bound: 0, count: 0 };
  for (const bound of bounds) {
    const count = counts.get(bound) ?? 0;
    if (count < total * q) {
      below = { bound, count };
      continue;
    }
    // Above the last finite bound nothing is known; Prometheus answers with that bound too.
    if (bound === Infinity) return below.bound;
    const share = (total * q - below.count) / Math.max(1, count - below.count);
    return below.bound + (bound - below.bound) * share;
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
