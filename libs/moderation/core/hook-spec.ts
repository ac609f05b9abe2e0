// What may stand in a policy for each type of hook. A new type of hook is one more entry of `BODIES`; what all hooks have
// (a name, a deadline, what a failure means) and what hooks within a combination have is added to it here.
import { z } from 'zod';
import { CONTENT_KINDS, isContentKind, type ContentKind } from './content.js';
import { ACTIONS } from './verdict.js';

/** A hook that needs longer has missed the turn. */
const DEADLINE_MS_MAX = 5_000;
const DEADLINE_MS = 300;
// A service is asked over a network.
const SERVICE_DEADLINE_MS = 1_000;
const PARTS_MAX = 10;

const kind = z.string().transform((text, context): ContentKind => {
  if (isContentKind(text)) return text;
  context.addIssue(`"${text}" is no kind of content; there are ${Object.keys(CONTENT_KINDS).join(', ')}`);
  return z.NEVER;
});
const category = z.string().min(1).max(100);
const categoryRule = z.strictObject({ atLeast: z.number().min(0).max(1), action: z.enum(ACTIONS) });

/** What every hook of a policy has. */
const asked = (deadlineMs = DEADLINE_MS) => ({
  name: z.string().regex(/^[a-z][a-z0-9_-]{0,39}$/, 'must be 1 to 40 of a-z, 0-9, - and _, beginning with a letter'),
  /** Absent: all that the hook can judge. */
  kinds: z.array(kind).min(1).optional(),
  deadlineMs: z.number().int().min(1).max(DEADLINE_MS_MAX).default(deadlineMs),
  onFailure: z.enum(['open', 'closed']),
  dryRun: z.boolean().default(false),
});

/** What its findings lead to. @param atLeast of categories that are not named. */
const leadsTo = (atLeast = 0.5) => ({
  categories: z.record(category, categoryRule).default({}),
  otherwise: categoryRule.default({ atLeast, action: 'block' }),
});

/** What a hook has within a combination. */
const within = {
  weight: z.number().min(0.01).max(100).default(1),
  /** False: the combination goes on without it when it fails. */
  required: z.boolean().default(true),
  /** What the combination calls a category of this hook. */
  rename: z.record(category, category).default({}),
};

const cadence = z.enum(['sentence', 'complete']).default('sentence');

const BODIES = {
  terms: {
    type: z.literal('terms'),
    terms: z
      .array(
        z.strictObject({
          text: z.string().min(1).max(200),
          category: category.default('term'),
          wholeWord: z.boolean().default(true),
        }),
      )
      .min(1)
      .max(2_000),
  },
  patterns: {
    type: z.literal('patterns'),
    patterns: z
      .array(
        z.strictObject({
          pattern: z.string().min(1).max(1_000),
          category: category.default('pattern'),
          caseSensitive: z.boolean().default(false),
        }),
      )
      .min(1)
      .max(200),
  },
  personal_data: {
    type: z.literal('personal_data'),
    detect: z.array(z.enum(['card_number', 'iban', 'email', 'phone', 'us_ssn'])).min(1),
  },
  openai: {
    type: z.literal('openai'),
    model: z.string().min(1).max(100).default('omni-moderation-latest'),
    cadence,
  },
  webhook: {
    type: z.literal('webhook'),
    url: z
      .url({ protocol: /^https?$/, error: 'must be an address such as https://hooks.example.com/judge' })
      .max(2_000),
    /** As it was given (`whsec_...`), or as it is kept (`sealed:...`). */
    secret: z
      .string()
      .max(1_000)
      .regex(/^(whsec_[A-Za-z0-9+/=]+|sealed:.+)$/, 'must be whsec_ and random bytes in base64'),
    cadence,
  },
} as const;

/** A service of the tenant's own, and the secret that what it is sent is signed with. */
export const webhookTarget = z.strictObject({ url: BODIES.webhook.url, secret: BODIES.webhook.secret });
export type WebhookTarget = z.output<typeof webhookTarget>;

const partSpec = z.discriminatedUnion('type', [
  z.strictObject({ ...BODIES.terms, ...within }),
  z.strictObject({ ...BODIES.patterns, ...within }),
  z.strictObject({ ...BODIES.personal_data, ...within }),
  z.strictObject({ ...BODIES.openai, ...within }),
  z.strictObject({ ...BODIES.webhook, ...within }),
]);

/** Reads a hook of a policy. */
export const hookSpec = z.discriminatedUnion('type', [
  z.strictObject({ ...BODIES.terms, ...asked(), ...leadsTo() }),
  z.strictObject({ ...BODIES.patterns, ...asked(), ...leadsTo() }),
  z.strictObject({ ...BODIES.personal_data, ...asked(), ...leadsTo() }),
  // What the vendor itself calls a find counts, whatever its score.
  z.strictObject({ ...BODIES.openai, ...asked(SERVICE_DEADLINE_MS), ...leadsTo(0) }),
  // Its verdict says what follows.
  z.strictObject({ ...BODIES.webhook, ...asked(SERVICE_DEADLINE_MS) }),
  z.strictObject({
    type: z.literal('composite'),
    combine: z.enum(['any', 'all', 'weighted']).default('any'),
    hooks: z.array(partSpec).min(2).max(PARTS_MAX),
    ...asked(SERVICE_DEADLINE_MS),
    ...leadsTo(),
  }),
]);

/** A hook as it stands in a policy. */
export type HookSpec = z.output<typeof hookSpec>;
/** A hook as it stands in a combination. */
export type PartSpec = z.output<typeof partSpec>;

const SEALED = 'sealed:';

interface SecretHolder {
  readonly hooks: readonly HookSpec[];
  readonly notify?: WebhookTarget | null;
}

/** Replaces every secret that is not sealed yet. @param seal seals for the tenant whose policy it is. */
export function withSecretsSealed<T extends SecretHolder>(policy: T, seal: (secret: string) => string): T {
  const sealedSecret = (secret: string): string => (secret.startsWith(SEALED) ? secret : SEALED + seal(secret));
  const sealed = <S extends HookSpec | PartSpec>(spec: S): S =>
    spec.type !== 'webhook' ? spec : { ...spec, secret: sealedSecret(spec.secret) };
  const hooks = policy.hooks.map((spec) =>
    spec.type === 'composite' ? { ...spec, hooks: spec.hooks.map(sealed) } : sealed(spec),
  );
  const { notify } = policy;
  if (notify === undefined || notify === null) return { ...policy, hooks };
  return { ...policy, hooks, notify: { ...notify, secret: sealedSecret(notify.secret) } };
}

/** A secret as it was given; null when it was sealed elsewhere. @param open opens what was sealed for the tenant. */
export function openedSecret(secret: string, open: (sealed: string) => string | null): string | null {
  return secret.startsWith(SEALED) ? open(secret.slice(SEALED.length)) : secret;
}
