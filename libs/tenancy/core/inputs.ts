// What administrators may type. One place for the command line and the HTTP API; each message says what is allowed.
import { nameProblem, tidyName } from '@trunkline/kernel';
import { z } from 'zod';
import { KEY_SCOPES } from './key-scope.js';
import { TenantLimitsInput } from './limits-input.js';

const SLUG = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const MODEL = /^[A-Za-z0-9][A-Za-z0-9._:/-]{0,99}$/;
// More than any upstream account allows; what is above is a typing error.
const SESSIONS_MAX = 1_000_000;
/** What a cap on open sessions may be. */
export const SESSIONS_BOUNDS = { min: 1, max: SESSIONS_MAX } as const;
const LIST_MAX = 100;

/** A name for people. */
export const NameInput = z
  .string('name must be text')
  .transform(tidyName)
  .superRefine((text, context) => {
    const message = nameProblem(text);
    if (message !== null) context.addIssue({ code: 'custom', message });
  });

/** A name for machines: in URLs, command lines and file names. */
export const SlugInput = z
  .string('slug must be text')
  .regex(SLUG, 'slug must be 1 to 63 lower-case letters, digits and inner hyphens, for example "acme-support"');

/** A cap on open sessions. Null: no cap of its own. */
export const SessionsMaxInput = z
  .number('sessionsMax must be a whole number of at least 1, or null for no cap')
  .int('sessionsMax must be a whole number of at least 1, or null for no cap')
  .min(1, 'sessionsMax must be at least 1; to let nobody in, suspend the tenant, revoke the key or drain the pool')
  .max(SESSIONS_MAX, `sessionsMax must be at most ${SESSIONS_MAX}`)
  .nullable();

/** What is wrong with a model's name. */
export const MODEL_PROBLEM = 'a model is 1 to 100 letters, digits, dots, colons, slashes, underscores or hyphens';

const SCOPE_PROBLEM = `scopes are one or more of ${KEY_SCOPES.join(', ')}`;

/** The name of a model or of a family of models. */
export const ModelInput = z.string().regex(MODEL, MODEL_PROBLEM);

/** A web origin: scheme and host. */
export const OriginInput = z.string().transform((text, context) => {
  const origin = URL.canParse(text) ? new URL(text).origin : 'null';
  const isPlain = text === origin || text === `${origin}/`;
  if (origin !== 'null' && /^https?:/.test(origin) && isPlain) return origin;
  context.addIssue(
    `"${text.slice(0, 80)}" is not a web origin: write scheme and host only, for example https://app.example.com`,
  );
  return z.NEVER;
});

/** Models that are allowed or offered. Null: all that are known. */
export const ModelsInput = allowList(ModelInput, 'models');

/** A new tenant. */
export const CreateTenantInput = z.strictObject({
  slug: SlugInput,
  name: NameInput,
  sessionsMax: SessionsMaxInput.default(null),
});

/** A change of a tenant; what is not named stays. */
export const UpdateTenantInput = z.strictObject({
  name: NameInput.optional(),
  sessionsMax: SessionsMaxInput.optional(),
  status: z.enum(['active', 'suspended'], 'status must be "active" or "suspended"').optional(),
  limits: TenantLimitsInput.optional(),
});

/** A new key. Lists that are left out or null do not restrict. */
export const CreateKeyInput = z.strictObject({
  name: NameInput,
  sessionsMax: SessionsMaxInput.default(null),
  models: ModelsInput.default(null),
  origins: allowList(OriginInput, 'origins').default(null),
  scopes: z
    .array(z.enum(KEY_SCOPES, SCOPE_PROBLEM), SCOPE_PROBLEM)
    .min(1, SCOPE_PROBLEM)
    .transform((scopes) => [...new Set(scopes)])
    .default(['sessions']),
  expiresAt: z.date('expiresAt must be a date and time').nullable().default(null),
});

/** A change of a key; what is not named stays. */
export const UpdateKeyInput = z.strictObject({
  name: NameInput.optional(),
  sessionsMax: SessionsMaxInput.optional(),
  models: ModelsInput.optional(),
  origins: allowList(OriginInput, 'origins').optional(),
});

// Long enough for a change of all that uses it; a key that works for months beside its successor was not rotated.
const OVERLAP_MS_MAX = 30 * 24 * 3_600_000;
const OVERLAP_PROBLEM = `overlapMs must be a whole number of milliseconds from 0 to ${OVERLAP_MS_MAX} (30 days)`;
/** How long the old key may work beside the new one. */
export const OVERLAP_BOUNDS = { min: 0, max: OVERLAP_MS_MAX } as const;

/** A new key in the place of another. */
export const RotateKeyInput = z.strictObject({
  overlapMs: z
    .number(OVERLAP_PROBLEM)
    .int(OVERLAP_PROBLEM)
    .min(0, OVERLAP_PROBLEM)
    .max(OVERLAP_MS_MAX, OVERLAP_PROBLEM),
});

/** A pool, made or brought to this state. */
export const EnsurePoolInput = z.strictObject({
  slug: SlugInput,
  vendor: z.literal('openai', 'vendor must be "openai"').default('openai'),
  sessionsMax: SessionsMaxInput.default(null),
  models: ModelsInput.default(null),
});

/** What callers pass, before it is checked. */
export type CreateTenantRequest = z.input<typeof CreateTenantInput>;
export type UpdateTenantRequest = z.input<typeof UpdateTenantInput>;
export type CreateKeyRequest = z.input<typeof CreateKeyInput>;
export type UpdateKeyRequest = z.input<typeof UpdateKeyInput>;
export type RotateKeyRequest = z.input<typeof RotateKeyInput>;
export type EnsurePoolRequest = z.input<typeof EnsurePoolInput>;

function allowList<Item extends z.ZodType<string>>(item: Item, name: string) {
  return z
    .array(item, `${name} must be a list`)
    .min(1, `${name} must name at least one, or be left out to allow all`)
    .max(LIST_MAX, `${name} must have at most ${LIST_MAX} entries`)
    .transform((items): readonly string[] => [...new Set<string>(items)])
    .nullable();
}
