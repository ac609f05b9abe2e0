// What the quarter must cost, worked out apart from the product: whole numbers, a table of its own, no code of ours.
import type { Report } from './traffic.js';
import { CHANGES } from './price-list.js';

/** Money and quantity of one combination. */
export interface Sum {
  /** Tokens or seconds. */
  quantity: bigint;
  /** 10^-12 US dollars at the vendor's list. */
  pico: bigint;
}

// A price of 1 USD per million tokens is 10^6 times 10^-12 USD per token; 0.006 USD a minute is 10^8 a second.
const MICRO_USD = 1_000_000n;
const LIST: Readonly<Record<string, Readonly<Record<string, bigint>>>> = {
  'voice-a': {
    input_text: 4_000_000n,
    input_text_cached: 400_000n,
    input_audio: 32_000_000n,
    input_audio_cached: 400_000n,
    output_text: 16_000_000n,
    output_audio: 64_000_000n,
  },
  'voice-b': {
    input_text: 600_000n,
    input_text_cached: 60_000n,
    input_audio: 10_000_000n,
    input_audio_cached: 300_000n,
    output_text: 2_400_000n,
    output_audio: 20_000_000n,
  },
  'hear-minutes': { transcription_seconds: 100n * MICRO_USD },
  'hear-tokens': { transcription_input_audio: 6_000_000n, transcription_output_text: 10_000_000n },
};

/** The list price of one token or second, in 10^-12 US dollars. @param corrected whether the late correction is known. */
export function unitPrice(model: string, meter: string, atMs: number, corrected: boolean): bigint {
  const since = (day: string): boolean => model === 'voice-a' && atMs >= Date.parse(`${day}T00:00:00Z`);
  if (meter === 'output_audio' && since(CHANGES.cheaperVoice)) return 60_000_000n;
  if (meter === 'input_audio' && since(CHANGES.cheaperHearing)) return 30_000_000n;
  if (corrected && meter === 'output_text' && since(CHANGES.correctedText)) return 15_000_000n;
  const price = LIST[model]?.[meter];
  if (price === undefined) throw new Error(`the oracle has no price of ${model} ${meter}`);
  return price;
}

/** Berlin is two hours ahead of UTC all through the quarter. */
export function monthOf(atMs: number): string {
  return new Date(atMs + 7_200_000).toISOString().slice(0, 7);
}

/** Sums over reports by a key of one's own; a key of null leaves a line out. */
export function sumsBy(
  reports: readonly Report[],
  keyOf: (report: Report, meter: string) => string | null,
  corrected = true,
): Map<string, Sum> {
  const sums = new Map<string, Sum>();
  for (const report of reports) {
    for (const [meter, count] of Object.entries(report.counts)) {
      const key = count === 0 ? null : keyOf(report, meter);
      if (key === null) continue;
      const sum = sums.get(key) ?? { quantity: 0n, pico: 0n };
      sum.quantity += BigInt(count);
      sum.pico += BigInt(count) * unitPrice(report.model, meter, report.occurredAtMs, corrected);
      sums.set(key, sum);
    }
  }
  return sums;
}

/** All of it. */
export function totalOf(sums: ReadonlyMap<string, Sum>): Sum {
  const total = { quantity: 0n, pico: 0n };
  for (const { quantity, pico } of sums.values()) {
    total.quantity += quantity;
    total.pico += pico;
  }
  return total;
}

/** Of whole numbers. */
export function sumOf(...parts: readonly bigint[]): bigint {
  return parts.reduce((sum, each) => sum + each, 0n);
}

/** How much more a is than b. */
export function excess(a: Sum, b: Sum): bigint {
  return BigInt(a.pico) - BigInt(b.pico);
}
