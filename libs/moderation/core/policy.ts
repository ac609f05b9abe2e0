// A tenant's moderation policy as people write it and the database keeps it: which hooks judge what, what their findings
// lead to, and how the gateway acts. Read strictly: everything wrong is reported at once, each problem naming its place.
// Making hooks of it is for the adapters; who may change it is for tenancy.
import { err, ok, type Result } from '@trunkline/kernel';
import { z } from 'zod';
import { hookSpec, webhookTarget } from './hook-spec.js';

/** More hooks than this cannot be asked within one turn of a conversation. */
const HOOKS_MAX = 20;
/** Longer, and a caller would take the silence for a broken line. */
export const HOLD_BACK_MS_MAX = 2_000;
/** How long an answer waits for the words that it answers: by default, and at most. */
const HOLD_MS = 3_000;
export const HOLD_MS_MAX = 10_000;

/** What callers say. */
const input = z.strictObject({
  /** The model answers what a caller said only when it was judged; the gateway begins the answer. */
  holdAnswers: z.boolean().default(false),
  /**
   * When words are not transcribed, or not judged in time: `closed` takes them for blocked, `open` answers. Closed unless
   * it is said: whoever holds answers would rather have none than one to unjudged words.
   */
  onFailure: z.enum(['open', 'closed']).default('closed'),
  /** From the end of a turn, or a question of the app's, until the words that it waits for must be judged. */
  deadlineMs: z.number().int().min(100).max(HOLD_MS_MAX).default(HOLD_MS),
  /** Said by the model, in the session's voice, in place of an answer to blocked words; null: nothing. */
  refusal: z.string().min(1).max(500).nullable().default(null),
  transcription: z
    .strictObject({
      /** Where hooks judge transcripts and the app has none made, the gateway has them made, unseen by the app. */
      turnOn: z.boolean().default(true),
      /** Null: the vendor's usual one. */
      model: z.string().min(1).max(100).nullable().default(null),
      /** ISO 639-1; null: as the vendor hears it. */
      language: z
        .string()
        .regex(/^[a-z]{2,3}$/, 'must be a code of two or three letters, e.g. "en"')
        .nullable()
        .default(null),
    })
    .prefault({}),
});

/** That a caller speaks with an AI. */
const disclosure = z.strictObject({
  /** Stands before all instructions that an app gives. */
  instruction: z.string().min(1).max(2_000).nullable().default(null),
  /** Spoken once, before the first answer. */
  spokenLine: z.string().min(1).max(500).nullable().default(null),
});
/** Whoever needs it longer has to take it out. */
const KEEP_DAYS_MAX = 400;

/**
 * - `warn`: the app gets an event that says so.
 * - `end_session`: the session ends.
 * - `notify`: the webhook `notify` hears of it, without content.
 * - `suspend_key`: the key opens no session on any gateway until somebody resumes it, and those that it has end.
 */
export const CONSEQUENCES = ['warn', 'end_session', 'notify', 'suspend_key'] as const;
export type Consequence = (typeof CONSEQUENCES)[number];

/** How many strikes in how many days, and for how many the end user then opens no session. */
export const strikesSchema = z.strictObject({
  count: z.number().int().min(1).max(1_000),
  days: z.number().int().min(1).max(400),
  refuseDays: z.number().int().min(1).max(4_000),
});

/** As people and programs write it. */
export const policySchema = z
  .strictObject({
    version: z.literal(1),
    /** Asked in this order. */
    hooks: z.array(hookSpec).max(HOOKS_MAX).default([]),
    output: z
      .strictObject({
        /** Output waits so long before the caller gets it, so that what is blocked meanwhile is never heard. */
        holdBackMs: z.number().int().min(0).max(HOLD_BACK_MS_MAX).default(0),
        /** Said by the model, in the session's voice, in place of what was blocked; null: nothing. */
        refusal: z.string().min(1).max(500).nullable().default(null),
      })
      .prefault({}),
    input: input.prefault({}),
    disclosure: disclosure.prefault({}),
    /** An excerpt around what people have to look at is kept for them, sealed, for so long; null: no content is kept. */
    content: z
      .strictObject({
        keepDays: z.number().int().min(1).max(KEEP_DAYS_MAX),
        /** Where it should be kept: a label on each excerpt. */
        region: z
          .string()
          .regex(/^[a-z0-9-]{1,40}$/, 'must be 1 to 40 of a-z, 0-9 and -')
          .nullable()
          .default(null),
      })
      .nullable()
      .default(null),
    /** What else follows from findings, besides what hooks lead to. Dry runs and failures lead to nothing. */
    actions: z
      .array(
        z.strictObject({
          on: z.array(z.enum(['flag', 'redact', 'block', 'end'])).min(1),
          /** Absent: whatever the category. */
          categories: z.array(z.string().min(1).max(100)).min(1).max(100).optional(),
          then: z.array(z.enum(CONSEQUENCES)).min(1),
        }),
      )
      .max(20)
      .default([]),
    /** Who is told where a rule says `notify`. */
    notify: webhookTarget.nullable().default(null),
    /** What was blocked, or ended a session, of one end user, unless a reviewer dismissed it; null: nobody counts. */
    strikes: strikesSchema.nullable().default(null),
    /** Blocks in one session that end it; null: none does. */
    blocksMax: z.number().int().min(1).max(1_000).nullable().default(null),
  })
  .superRefine(({ hooks, input: { holdAnswers }, actions, notify }, context) => {
    for (const [i, { then }] of actions.entries())
      if (then.includes('notify') && notify === null)
        context.addIssue({
          code: 'custom',
          path: ['actions', i, 'then'],
          message: 'nobody would be notified; say who: "notify": { "url": "https://...", "secret": "whsec_..." }',
        });
    const names = hooks.map(({ name }) => name);
    const hears = hooks.some(({ kinds }) => kinds === undefined || kinds.includes('input_transcript'));
    if (holdAnswers && !hears)
      context.addIssue({
        code: 'custom',
        path: ['input', 'holdAnswers'],
        message:
          'no hook judges what answers would wait for; give one the kind "input_transcript", or set this to false',
      });
    for (const [i, name] of names.entries())
      if (names.indexOf(name) !== i)
        context.addIssue({
          code: 'custom',
          path: ['hooks', i, 'name'],
          message: `"${name}" names two hooks; give one of them another name`,
        });
  });

/** A tenant's policy. */
export type ModerationPolicy = z.output<typeof policySchema>;

/** Reads a policy. @returns it with every default filled in, or every problem. */
export function parseModerationPolicy(value: unknown): Result<ModerationPolicy, readonly string[]> {
  const parsed = policySchema.safeParse(value);
  if (parsed.success) return ok(parsed.data);
  return err(parsed.error.issues.map(({ path, message }) => `${path.map(String).join('.') || 'policy'}: ${message}`));
}
