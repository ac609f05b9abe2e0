// A tenant's moderation policy as people write it and the database keeps it: which hooks judge what, what their findings
// lead to, and how the gateway acts. Read strictly: everything wrong is reported at once, each problem naming its place.
// Making hooks of it is for the adapters; who may change it is for tenancy.
import { err, ok, type Result } from '@trunkline/kernel';
import { z } from 'zod';
import { CONTENT_KINDS, isContentKind, type ContentKind } from './content.js';
import { ACTIONS } from './verdict.js';

/** More hooks than this cannot be asked within one turn of a conversation. */
const HOOKS_MAX = 20;
/** Longer, and a caller would take the silence for a broken line. */
export const HOLD_BACK_MS_MAX = 2_000;
/** A hook that needs longer has missed the turn. */
const DEADLINE_MS_MAX = 5_000;
const DEADLINE_MS = 300;

const kind = z.string().transform((text, context): ContentKind => {
  if (isContentKind(text)) return text;
  context.addIssue(`"${text}" is no kind of content; there are ${Object.keys(CONTENT_KINDS).join(', ')}`);
  return z.NEVER;
});
const categoryRule = z.strictObject({ atLeast: z.number().min(0).max(1), action: z.enum(ACTIONS) });
const binding = {
  name: z.string().regex(/^[a-z][a-z0-9_-]{0,39}$/, 'must be 1 to 40 of a-z, 0-9, - and _, beginning with a letter'),
  /** Absent: all that the hook can judge. */
  kinds: z.array(kind).min(1).optional(),
  deadlineMs: z.number().int().min(1).max(DEADLINE_MS_MAX).default(DEADLINE_MS),
  onFailure: z.enum(['open', 'closed']),
  categories: z.record(z.string().max(100), categoryRule).default({}),
  otherwise: categoryRule.default({ atLeast: 0.5, action: 'block' }),
  dryRun: z.boolean().default(false),
};

const hookSpec = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('terms'),
    ...binding,
    terms: z
      .array(
        z.strictObject({
          text: z.string().min(1).max(200),
          category: z.string().min(1).max(100).default('term'),
          wholeWord: z.boolean().default(true),
        }),
      )
      .min(1)
      .max(2_000),
  }),
  z.strictObject({
    type: z.literal('patterns'),
    ...binding,
    patterns: z
      .array(
        z.strictObject({
          pattern: z.string().min(1).max(1_000),
          category: z.string().min(1).max(100).default('pattern'),
          caseSensitive: z.boolean().default(false),
        }),
      )
      .min(1)
      .max(200),
  }),
  z.strictObject({
    type: z.literal('personal_data'),
    ...binding,
    detect: z.array(z.enum(['card_number', 'iban', 'email', 'phone', 'us_ssn'])).min(1),
  }),
]);

const policySchema = z
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
    /** Blocks in one session that end it; null: none does. */
    blocksMax: z.number().int().min(1).max(1_000).nullable().default(null),
  })
  .superRefine(({ hooks }, context) => {
    const names = hooks.map(({ name }) => name);
    for (const [i, name] of names.entries())
      if (names.indexOf(name) !== i)
        context.addIssue({
          code: 'custom',
          path: ['hooks', i, 'name'],
          message: `"${name}" names two hooks; give one of them another name`,
        });
  });

/** What a hook of a policy is made of. */
export type HookSpec = z.output<typeof hookSpec>;

/** A tenant's policy. */
export type ModerationPolicy = z.output<typeof policySchema>;

/** Reads a policy. @returns it with every default filled in, or every problem. */
export function parseModerationPolicy(value: unknown): Result<ModerationPolicy, readonly string[]> {
  const parsed = policySchema.safeParse(value);
  if (parsed.success) return ok(parsed.data);
  return err(parsed.error.issues.map(({ path, message }) => `${path.map(String).join('.') || 'policy'}: ${message}`));
}
