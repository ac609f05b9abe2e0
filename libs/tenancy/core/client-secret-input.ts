// What may be asked for when a client secret is minted: OpenAI's request, and one field of ours beside it. What OpenAI may
// add to a session passes; what we know of it is checked here, so that a mistake shows at the server that made it and not
// in a browser minutes later.
import { z } from 'zod';
import { ModelInput, OriginInput } from './inputs.js';

/** Bounds of a secret's life, in seconds; OpenAI's. */
export const SECRET_SECONDS = { min: 10, max: 7_200, usual: 600 } as const;
/** The model of a session that names none; OpenAI's. */
export const USUAL_MODEL = 'gpt-realtime';

const USES_MAX = 100_000;
const LIST_MAX = 32;
const SECONDS_PROBLEM = `expires_after.seconds must be a whole number from ${SECRET_SECONDS.min} to ${SECRET_SECONDS.max}`;
const PATH = /^[a-z][a-z_]{0,63}(?:\.[a-z][a-z_]{0,63}){0,5}$/;
const PATH_PROBLEM = 'trunkline.pinned lists fields of the session, such as "instructions" or "audio.output.voice"';
// These make a session what it is; the gateway holds them anyway.
const FIXED = new Set(['type', 'model']);

const ExpiresAfter = z.strictObject({
  anchor: z.literal('created_at', 'expires_after.anchor must be "created_at"').optional(),
  seconds: z
    .number(SECONDS_PROBLEM)
    .int(SECONDS_PROBLEM)
    .min(SECRET_SECONDS.min, SECONDS_PROBLEM)
    .max(SECRET_SECONDS.max, SECONDS_PROBLEM)
    .default(SECRET_SECONDS.usual),
});

const Audio = z.looseObject({
  input: z.looseObject({ transcription: z.looseObject({ model: ModelInput.optional() }).nullish() }).optional(),
  output: z.looseObject({}).optional(),
});

const RealtimeSession = z.looseObject({
  type: z.literal('realtime'),
  model: ModelInput.default(USUAL_MODEL),
  instructions: z.string('session.instructions must be text').optional(),
  output_modalities: z.array(z.enum(['text', 'audio'])).optional(),
  tools: z.array(z.looseObject({}), 'session.tools must be a list').optional(),
  max_output_tokens: z.union([z.number().int().min(1), z.literal('inf')]).optional(),
  audio: Audio.optional(),
});

const TranscriptionSession = z.looseObject({
  type: z.literal('transcription'),
  include: z.array(z.string()).nullish(),
  audio: Audio.omit({ output: true }).optional(),
});

/** The body of `POST /v1/realtime/client_secrets`. */
export const MintInput = z.strictObject({
  expires_after: ExpiresAfter.default({ seconds: SECRET_SECONDS.usual }),
  session: z
    .discriminatedUnion('type', [RealtimeSession, TranscriptionSession], {
      error: 'session.type must be "realtime" or "transcription"',
    })
    .default({ type: 'realtime', model: USUAL_MODEL }),
  /** Ours. */
  trunkline: z
    .strictObject({
      max_uses: z.number().int().min(1).max(USES_MAX).nullable().default(null),
      origins: z.array(OriginInput).min(1).max(LIST_MAX).nullable().default(null),
      pinned: z
        .array(z.string().regex(PATH, PATH_PROBLEM), PATH_PROBLEM)
        .max(LIST_MAX)
        .refine((paths) => !paths.some((path) => FIXED.has(path)), 'type and model are pinned always: leave them out')
        .default([]),
    })
    .default({ max_uses: null, origins: null, pinned: [] }),
});

/** A request to mint that was read. */
export type MintBody = z.output<typeof MintInput>;

/** The model that a session is bound to; null: a transcription that leaves it open. */
export function modelOfSession(session: MintBody['session']): string | null {
  return session.type === 'realtime' ? session.model : (session.audio?.input?.transcription?.model ?? null);
}
