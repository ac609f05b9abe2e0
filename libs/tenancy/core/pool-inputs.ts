// What administrators may say of a pool. Whether its parts fit together is for `check-account.ts` and
// `check-shares.ts`; here each is looked at alone. No message repeats an upstream key.
import { z } from 'zod';
import { MODEL_PROBLEM, ModelInput, ModelsInput, SessionsMaxInput, SlugInput } from './inputs.js';
import { TIERS } from './tier-presets.js';

const WEIGHT_MAX = 1_000;
// Each call that comes to wait costs Redis what the line is long: 20 ms at a thousand on a busy machine (docs/performance.md).
const WAITING_MAX = 1_000;
const TOKENS_PER_MINUTE_MAX = 1_000_000_000;
const ENTRIES_MAX = 100;
const FAMILY_CAP_MAX = 1_000_000;

/** What each number of a pool may be, its cap apart (`SESSIONS_BOUNDS`). */
export const POOL_BOUNDS = {
  familyCap: { min: 1, max: FAMILY_CAP_MAX },
  tokensPerMinuteMax: { min: 1, max: TOKENS_PER_MINUTE_MAX },
  weight: { min: 0, max: WEIGHT_MAX },
  waitingMax: { min: 0, max: WAITING_MAX },
} as const;

const KEY = /^[\x21-\x7e]{8,512}$/;
// What Azure takes for the name of a deployment.
const DEPLOYMENT = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$/;

const FAMILY_CAP_PROBLEM = `a family cap must be a whole number from 1 to ${FAMILY_CAP_MAX}, or null to remove it`;
const DEPLOYMENT_PROBLEM =
  'a deployment is 1 to 64 letters, digits, dots, underscores or hyphens, or null to remove it';

const TierInput = z.union(
  TIERS.map((tier) => z.literal(tier)),
  `tier must be one of ${TIERS.join(', ')}`,
);

const UpstreamUrlInput = z
  .string('upstreamUrl must be text, or null for the address of the settings')
  .refine(isBaseUrl, 'upstreamUrl must be an address such as https://api.openai.com/v1, without user, ? or #')
  .transform((text) => text.replace(/\/+$/, ''))
  .nullable();

const UpstreamKeyInput = z
  .string('upstreamKey must be text, or null for the key of the settings')
  .regex(KEY, 'upstreamKey must be one line of 8 to 512 printable characters without spaces')
  .nullable();

const settings = {
  vendor: z.enum(['openai', 'azure'], 'vendor must be "openai" or "azure"').optional(),
  status: z.enum(['active', 'draining'], 'status must be "active" or "draining"').optional(),
  sessionsMax: SessionsMaxInput.optional(),
  models: ModelsInput.optional(),
  /** By family; null removes one, families that are not named stay. */
  familyCaps: entries(whole(1, FAMILY_CAP_MAX, FAMILY_CAP_PROBLEM).nullable(), 'familyCaps').optional(),
  tokensPerMinuteMax: whole(
    1,
    TOKENS_PER_MINUTE_MAX,
    `tokensPerMinuteMax must be a whole number from 1 to ${TOKENS_PER_MINUTE_MAX}, or null where it is not known`,
  )
    .nullable()
    .optional(),
  /** Fills the documented caps; family caps named beside it win. Null forgets the tier and leaves the caps. */
  tier: TierInput.nullable().optional(),
  weight: whole(0, WEIGHT_MAX, `weight must be a whole number from 0 to ${WEIGHT_MAX}; 0 is for a fallback`).optional(),
  waitingMax: whole(0, WAITING_MAX, waitingProblem('waitingMax')).optional(),
  waitingPerTenantMax: whole(0, WAITING_MAX, waitingProblem('waitingPerTenantMax')).optional(),
  upstreamUrl: UpstreamUrlInput.optional(),
  upstreamKey: UpstreamKeyInput.optional(),
  /** By model; null removes one, models that are not named stay. */
  deployments: entries(z.string().regex(DEPLOYMENT, DEPLOYMENT_PROBLEM).nullable(), 'deployments').optional(),
};

/** A new pool. What is left out has its default. */
export const CreatePoolInput = z.strictObject({ slug: SlugInput, ...settings });

/** A change of a pool; what is not named stays. */
export const UpdatePoolInput = z.strictObject(settings);

/** A preset of documented caps; `launch` is explained in `tier-presets.ts`. */
export const ApplyPresetInput = z.strictObject({
  tier: TierInput,
  caps: z.enum(['documented', 'launch'], 'caps must be "documented" or "launch"').default('documented'),
});

/** What callers pass, before it is checked. */
export type CreatePoolRequest = z.input<typeof CreatePoolInput>;
export type UpdatePoolRequest = z.input<typeof UpdatePoolInput>;
export type ApplyPresetRequest = z.input<typeof ApplyPresetInput>;

/** A checked change. */
export type PoolChanges = z.output<typeof UpdatePoolInput>;

function waitingProblem(name: string): string {
  return `${name} must be a whole number from 0 to ${WAITING_MAX}: a longer line would keep everybody's calls waiting for each look at it`;
}

function whole(min: number, max: number, problem: string) {
  return z.number(problem).int(problem).min(min, problem).max(max, problem);
}

function entries<Value extends z.ZodType<string | number | null>>(value: Value, name: string) {
  const problem = (code: string) => (code === 'invalid_key' ? MODEL_PROBLEM : `${name} must be an object by model`);
  return z
    .record(ModelInput, value, { error: ({ code }) => problem(code) })
    .refine((all) => Object.keys(all).length <= ENTRIES_MAX, `${name} must have at most ${ENTRIES_MAX} entries`);
}

function isBaseUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  const plain = url.search === '' && url.hash === '' && url.username === '' && url.password === '';
  return plain && (url.protocol === 'http:' || url.protocol === 'https:');
}
