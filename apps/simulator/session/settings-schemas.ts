// The schemas of the session's fields (facts 3.3), shared by session.update and response.create. Guarantees strictness:
// an unknown field is an error, as on the wire. Leaves merging to settings.ts.
import { z } from 'zod';
import { formatSchema } from '../audio/formats.js';

/** The built-in voices. */
export const VOICES = [
  'alloy',
  'ash',
  'ballad',
  'coral',
  'echo',
  'sage',
  'shimmer',
  'verse',
  'marin',
  'cedar',
] as const;
const TRANSCRIPTION_MODELS = [
  'whisper-1',
  'gpt-4o-transcribe',
  'gpt-4o-mini-transcribe',
  'gpt-4o-mini-transcribe-2025-12-15',
  'gpt-4o-transcribe-diarize',
  'gpt-transcribe',
  'gpt-live-transcribe',
  'gpt-realtime-whisper',
] as const;
/** These take turns themselves: turn detection must be null with them (facts 3.3). */
export const WITHOUT_TURN_DETECTION: readonly string[] = ['gpt-realtime-whisper', 'gpt-live-transcribe'];

/** A built-in voice or a custom one by id. */
export const voiceSchema = z.union([z.enum(VOICES), z.strictObject({ id: z.string() })]);
const effort = z.enum(['minimal', 'low', 'medium', 'high', 'xhigh']);

/** Turn detection, resolved with the defaults seen on the wire. */
export const turnDetectionSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('server_vad'),
    threshold: z.number().min(0).max(1).default(0.5),
    prefix_padding_ms: z.int().min(0).max(60_000).default(300),
    silence_duration_ms: z.int().min(20).max(60_000).default(200),
    idle_timeout_ms: z.int().min(5000).max(30_000).nullable().default(null),
    create_response: z.boolean().default(true),
    interrupt_response: z.boolean().default(true),
  }),
  z.strictObject({
    type: z.literal('semantic_vad'),
    eagerness: z.enum(['low', 'medium', 'high', 'auto']).default('auto'),
    create_response: z.boolean().default(true),
    interrupt_response: z.boolean().default(true),
  }),
]);

/** Input transcription, resolved with its nulls as on the wire. */
export const transcriptionSchema = z.strictObject({
  model: z.enum(TRANSCRIPTION_MODELS),
  language: z.string().nullable().default(null),
  prompt: z.string().nullable().default(null),
  languages: z.array(z.string()).optional(),
  keywords: z.array(z.string()).optional(),
  delay: effort.optional(),
});

/** Recorded only: the simulator does not filter audio. */
export const noiseReductionSchema = z.strictObject({
  type: z.enum(['near_field', 'far_field']),
  strength: z.number().optional(),
});

/** Functions are checked; MCP tools are stored as given. */
export const toolSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('function'),
    name: z.string().min(1),
    description: z.string().optional(),
    parameters: z.record(z.string(), z.unknown()).optional(),
  }),
  z.looseObject({ type: z.literal('mcp'), server_label: z.string() }),
]);
/** Which tool may or must be called. */
export const toolChoiceSchema = z.union([
  z.enum(['auto', 'none', 'required']),
  z.strictObject({ type: z.literal('function'), name: z.string() }),
  z.strictObject({ type: z.literal('mcp'), server_label: z.string(), name: z.string().nullish() }),
]);
/** GA answers in text or in audio, never both. */
export const modalitiesSchema = z.array(z.enum(['text', 'audio'])).refine((list) => list.length === 1, {
  error: "Invalid modalities. Supported combinations are: ['text'] and ['audio'].",
});
/** 4,096 for most models, 32,000 for the 2.x ones. */
export const maxOutputTokensSchema = z.union([z.int().min(1).max(32_000), z.literal('inf')]);
/** A stored prompt; recorded only. */
export const promptSchema = z
  .strictObject({
    id: z.string(),
    version: z.string().nullish(),
    variables: z.record(z.string(), z.unknown()).nullish(),
  })
  .nullable();
/** Recorded only. */
export const reasoningSchema = z.strictObject({ effort: effort.optional() });
/** How the assistant sounds. */
export const outputAudioSchema = z.strictObject({
  format: formatSchema.optional(),
  voice: voiceSchema.optional(),
  speed: z.number().min(0.25).max(1.5).optional(),
});

/** `audio.input` of an update. */
export const inputAudioSchema = z.strictObject({
  format: formatSchema.optional(),
  transcription: transcriptionSchema.nullish(),
  noise_reduction: noiseReductionSchema.nullish(),
  turn_detection: turnDetectionSchema.nullish(),
});
/** Extra output asked for. */
export const includeSchema = z.array(z.enum(['item.input_audio_transcription.logprobs'])).nullish();

/** `session` in `session.update` of a conversation session. */
export const realtimeUpdateSchema = z.strictObject({
  type: z.literal('realtime'),
  model: z.string().optional(),
  output_modalities: modalitiesSchema.optional(),
  instructions: z.string().optional(),
  tools: z.array(toolSchema).max(128).optional(),
  tool_choice: toolChoiceSchema.optional(),
  parallel_tool_calls: z.boolean().optional(),
  reasoning: reasoningSchema.optional(),
  max_output_tokens: maxOutputTokensSchema.optional(),
  tracing: z
    .union([
      z.literal('auto'),
      z.strictObject({
        workflow_name: z.string().optional(),
        group_id: z.string().optional(),
        metadata: z.unknown().optional(),
      }),
    ])
    .nullish(),
  truncation: z
    .union([
      z.enum(['auto', 'disabled']),
      z.strictObject({
        type: z.literal('retention_ratio'),
        retention_ratio: z.number().min(0).max(1),
        token_limits: z.strictObject({ post_instructions: z.int().min(0).optional() }).optional(),
      }),
    ])
    .optional(),
  prompt: promptSchema.optional(),
  include: includeSchema,
  audio: z.strictObject({ input: inputAudioSchema.optional(), output: outputAudioSchema.optional() }).optional(),
});
/** `session` in `session.update` of a transcription session. */
export const transcriptionUpdateSchema = z.strictObject({
  type: z.literal('transcription'),
  include: includeSchema,
  audio: z.strictObject({ input: inputAudioSchema.optional() }).optional(),
});

/** Wrong metadata is refused with the limits of facts 3.1. */
export const metadataSchema = z
  .record(z.string().max(64), z.string().max(512))
  .refine((map) => Object.keys(map).length <= 16, { error: 'Invalid metadata. Expected at most 16 pairs.' })
  .nullable();

export type TurnDetection = z.output<typeof turnDetectionSchema>;
export type Transcription = z.output<typeof transcriptionSchema>;
export type NoiseReduction = z.output<typeof noiseReductionSchema>;
export type Tool = z.output<typeof toolSchema>;
export type ToolChoice = z.output<typeof toolChoiceSchema>;
export type Voice = z.output<typeof voiceSchema>;
export type Prompt = z.output<typeof promptSchema>;
export type Reasoning = z.output<typeof reasoningSchema>;
export type Include = z.output<typeof includeSchema>;
export type InputAudioUpdate = z.output<typeof inputAudioSchema>;
export type RealtimeUpdate = z.output<typeof realtimeUpdateSchema>;
export type TranscriptionUpdate = z.output<typeof transcriptionUpdateSchema>;
