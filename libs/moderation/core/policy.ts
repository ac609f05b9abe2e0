// A tenant's moderation policy as people write it and the database keeps it: which hooks judge what, what their findings
// lead to, and how the gateway acts. Read strictly: everything wrong is reported at once, each problem naming its place.
// Making hooks of it is for the adapters; who may change it is for tenancy.
import { err, ok, type Result } from '@trunkline/kernel';
import { z } from 'zod';
import { hookSpec } from './hook-spec.js';

/** More hooks than this cannot be asked within one turn of a conversation. */
const HOOKS_MAX = 20;
/** Longer, and a caller would take the silence for a broken line. */
export const HOLD_BACK_MS_MAX = 2_000;

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

/** A tenant's policy. */
export type ModerationPolicy = z.output<typeof policySchema>;

/** Reads a policy. @returns it with every default filled in, or every problem. */
export function parseModerationPolicy(value: unknown): Result<ModerationPolicy, readonly string[]> {
  const parsed = policySchema.safeParse(value);
  if (parsed.success) return ok(parsed.data);
  return err(parsed.error.issues.map(({ path, message }) => `${path.map(String).join('.') || 'policy'}: ${message}`));
}
