// What can be changed about the simulator, as JSON, at start and at run time. Guarantees that a configuration in use
// has been validated as a whole; leaves acting on it to caps.ts, faults.ts, limiter.ts and the sessions, which read
// it at the moment they need it, so that a change reaches open sessions too.
import { z } from 'zod';
import { faultSchema } from './faults.js';
import { organizationSchema } from './organization/config.js';

const count = z.int().min(0);
const ms = z.number().min(0);

const modelSchema = z.strictObject({
  id: z.string().min(1),
  /** `realtime` opens; `transcription` and `other` exist but are refused in `?model=`. */
  kind: z.enum(['realtime', 'transcription', 'other']).default('realtime'),
  /** False: listed, opens, and fails each response with model_not_found (facts 1.4). */
  granted: z.boolean().default(true),
  /** Input tokens a response may be given before the oldest items are left out (facts 6). */
  contextTokens: z.int().min(1).default(28_672),
  /** Largest answer when the session says "inf". */
  outputTokensMax: z.int().min(1).default(4096),
});

const DEFAULT_MODELS: z.input<typeof modelSchema>[] = [
  ...['gpt-realtime-2', 'gpt-realtime-2.1', 'gpt-realtime-2.1-mini'].map((id) => ({
    id,
    contextTokens: 96_000,
    outputTokensMax: 32_000,
  })),
  ...['gpt-realtime', 'gpt-realtime-2025-08-28', 'gpt-realtime-1.5'].map((id) => ({ id })),
  ...['gpt-realtime-mini', 'gpt-realtime-mini-2025-10-06', 'gpt-realtime-mini-2025-12-15'].map((id) => ({ id })),
  ...['gpt-4o-transcribe', 'gpt-4o-mini-transcribe', 'whisper-1', 'gpt-realtime-whisper'].map((id) => ({
    id,
    kind: 'transcription' as const,
  })),
  ...['gpt-4o', 'gpt-4o-mini'].map((id) => ({ id, kind: 'other' as const })),
];

const capsSchema = z.strictObject({
  total: count.nullable().default(null),
  byModel: z.record(z.string(), count).default({}),
  byKey: z.record(z.string(), count).default({}),
});

const latencySchema = z.strictObject({
  /** Before the 101. */
  connectMs: ms.default(0),
  /** From the 101 to `session.created`. */
  firstEventMs: ms.default(5),
  /** From `response.created` to the first output event. */
  firstDeltaMs: ms.default(120),
  /** Between two words of a text answer. */
  textDeltaMs: ms.default(8),
  /** From `response.done` to `rate_limits.updated`: 43 ms in captures (facts 3.4). */
  rateLimitsMs: ms.default(43),
});

const replySchema = z.strictObject({
  /** Changes which clips answer which conversation; the same seed gives the same replies. */
  seed: z.int().default(1),
  /** Audio is generated this many times faster than it plays. */
  audioSpeed: z.number().positive().default(8),
  /** Speak for this long, sentence after sentence; null speaks one or two sentences. */
  audioMs: z.number().min(50).nullable().default(null),
  /** Send exactly this many audio deltas (with `deltaBytes`, for benchmarks); wins over `audioMs`. */
  deltas: z.int().min(1).max(100_000).nullable().default(null),
  /** Base64 bytes of each audio delta; null follows a pattern of 4 to 32 KB. A multiple of 8 is met exactly. */
  deltaBytes: z.int().min(8).max(1_000_000).nullable().default(null),
});

const transcriptionSchema = z.strictObject({
  /** From the commit to the first transcription event. */
  delayMs: ms.default(150),
  /** Every n-th turn of a session is transcribed late, after `lateMs`, so usually after its response.done; 0: never. */
  lateEvery: count.default(3),
  lateMs: ms.default(2500),
});

const sessionSchema = z.strictObject({
  maxMs: ms.default(3_600_000),
  pingMs: z.number().min(10).default(20_300),
  instructions: z
    .string()
    .default(
      'Your knowledge cutoff is 2023-10. You are a helpful, witty, and friendly AI. Act like a human, but remember ' +
        "that you aren't a human and that you can't do human things in the real world. Your voice and personality " +
        'should be warm and engaging, with a lively and playful tone.',
    ),
  voice: z.string().default('marin'),
  /** Uncommitted input audio kept; 32 MiB is about 11 minutes of PCM16. */
  inputBufferBytesMax: z
    .int()
    .min(4800)
    .default(32 * 1024 * 1024),
  /** Committed user audio kept for `conversation.item.retrieve`, newest first, per session. */
  itemAudioBytesMax: count.default(1024 * 1024),
  /** Items kept per conversation; the oldest go first. */
  itemsMax: z.int().min(16).default(4096),
});

/** The whole configuration; `{}` is valid and means "an account without limits, at default speeds". */
export const simulatorConfigSchema = z.strictObject({
  apiKeys: z.array(z.string().min(1)).default(['sk-simulator']),
  models: z.array(modelSchema).default(() => DEFAULT_MODELS.map((model) => modelSchema.parse(model))),
  caps: capsSchema.default(() => capsSchema.parse({})),
  capRefusal: z.enum(['http_429', 'error_event_close']).default('http_429'),
  retryAfterSeconds: count.default(1),
  /** Enforced tokens per minute by model, or for `*`; a model without one is reported against 15,000,000. */
  tokensPerMinute: z.record(z.string(), z.int().min(1)).default({}),
  latency: latencySchema.default(() => latencySchema.parse({})),
  reply: replySchema.default(() => replySchema.parse({})),
  transcription: transcriptionSchema.default(() => transcriptionSchema.parse({})),
  session: sessionSchema.default(() => sessionSchema.parse({})),
  books: z
    .strictObject({ sessionsMax: z.int().min(1).default(10_000), entriesPerSessionMax: z.int().min(1).default(5000) })
    .default({ sessionsMax: 10_000, entriesPerSessionMax: 5000 }),
  organization: organizationSchema.default(() => organizationSchema.parse({})),
  faults: z.array(faultSchema).max(100).default([]),
});

export type SimulatorConfig = z.output<typeof simulatorConfigSchema>;
export type SimulatorConfigInput = z.input<typeof simulatorConfigSchema>;
export type ModelEntry = z.output<typeof modelSchema>;

/** Holds the configuration in use and replaces it as a whole. */
export class ConfigHolder {
  #current: SimulatorConfig;

  constructor(input: SimulatorConfigInput) {
    this.#current = parseConfig(input);
  }

  get current(): SimulatorConfig {
    return this.#current;
  }

  /** Merges a patch (objects key by key, arrays and values replaced) and validates the result before it is used. */
  patch(patch: unknown): SimulatorConfig {
    this.#current = parseConfig(merge(this.#current, patch));
    return this.#current;
  }
}

/** Parses a configuration; throws an Error that lists each wrong field. */
export function parseConfig(input: unknown): SimulatorConfig {
  const result = simulatorConfigSchema.safeParse(input);
  if (result.success) return result.data;
  throw new Error(`the simulator configuration is not valid:\n${z.prettifyError(result.error)}`);
}

function merge(current: unknown, patch: unknown): unknown {
  if (!isRecord(current) || !isRecord(patch)) return patch;
  const merged: Record<string, unknown> = { ...current };
  for (const [key, value] of Object.entries(patch)) {
    if (key === '__proto__') continue;
    // The maps by model or key are data, not structure: a patch replaces them.
    merged[key] = ['byModel', 'byKey', 'tokensPerMinute', 'prices'].includes(key) ? value : merge(current[key], value);
  }
  return merged;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
