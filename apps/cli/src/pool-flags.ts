// The flags of `pool create` and `pool update`, and what they ask of the services.
import { InvalidArgumentError, Option, type Command } from 'commander';
import {
  POOL_BOUNDS,
  POOL_DEFAULTS,
  SESSIONS_BOUNDS,
  TIERS,
  UpdatePoolInput,
  type PoolVendor,
  type Tier,
  type UpdatePoolRequest,
} from '@trunkline/tenancy';
import {
  listOrNone,
  orNull,
  pairsOf,
  rangeText,
  wholeIn,
  wholeInOrNone,
  type OrNone,
  type Pairs,
} from './flag-values.js';

const { familyCap, tokensPerMinuteMax: tokens, weight, waitingMax } = POOL_BOUNDS;

/** What was typed. */
export interface PoolFlags {
  readonly vendor?: PoolVendor;
  readonly sessionsMax?: OrNone<number>;
  readonly models?: OrNone<string[]>;
  readonly tier?: OrNone<Tier>;
  readonly familyCap?: Pairs<number>;
  readonly tokensPerMinute?: OrNone<number>;
  readonly weight?: number;
  readonly waitingMax?: number;
  readonly waitingPerTenantMax?: number;
  readonly upstreamUrl?: string;
  /** Name of the variable. */
  readonly upstreamKeyEnv?: string;
  readonly deployment?: Pairs<string>;
}

/** Adds the flags to a command. */
export function addPoolFlags(command: Command): Command {
  return command
    .addOption(new Option('--vendor <vendor>', 'whose API it speaks').choices(['openai', 'azure']))
    .option(
      '--sessions-max <n>',
      `sessions open at once, all models together: ${rangeText(SESSIONS_BOUNDS)}, or none; default none`,
      wholeInOrNone(SESSIONS_BOUNDS),
    )
    .option('--models <models>', 'comma-separated; or none: all that the vendor is known to serve', listOrNone)
    .option(
      '--tier <n>',
      "OpenAI's usage tier, 1 to 5: fills the documented caps (`pool preset` says which); none forgets it",
      (text) => (text === 'none' ? text : tierOf(text)),
    )
    .option(
      '--family-cap <family=n>',
      `sessions open at once of a model family, such as gpt-realtime=50: ${rangeText(familyCap)}; =none removes it; may be repeated`,
      pairsOf(wholeIn(familyCap), 'gpt-realtime=50'),
    )
    .option(
      '--tokens-per-minute <n>',
      `what the account may use, where it is known: ${rangeText(tokens)}, or none; default none`,
      wholeInOrNone(tokens),
    )
    .option(
      '--weight <n>',
      `share of new sessions among pools: ${rangeText(weight)}, 0 is a fallback only; default ${POOL_DEFAULTS.weight}`,
      wholeIn(weight),
    )
    .option(
      '--waiting-max <n>',
      `handshakes that may wait for a line: ${rangeText(waitingMax)}; default ${POOL_DEFAULTS.waitingMax}`,
      wholeIn(waitingMax),
    )
    .option(
      '--waiting-per-tenant-max <n>',
      `of them, those of one tenant: ${rangeText(waitingMax)}; default ${POOL_DEFAULTS.waitingPerTenantMax}`,
      wholeIn(waitingMax),
    )
    .option('--upstream-url <url>', 'address of the account; or none: that of the settings', addressOrNone)
    .option(
      '--upstream-key-env <name>',
      'environment variable that holds the key of the account, which is stored sealed; or none: that of the settings',
    )
    .option(
      '--deployment <model=name>',
      'Azure: the deployment of a model; =none removes it; may be repeated',
      pairsOf(String, 'gpt-realtime=my-deployment'),
    );
}

/** A usage tier. */
export function tierOf(text: string): Tier {
  const tier = TIERS.find((each) => String(each) === text.trim());
  if (tier !== undefined) return tier;
  throw new InvalidArgumentError(`Write one of ${TIERS.join(', ')}.`);
}

function addressOrNone(text: string): string {
  if (text === 'none' || UpdatePoolInput.shape.upstreamUrl.safeParse(text).success) return text;
  throw new InvalidArgumentError('Write an address such as https://api.openai.com/v1, without user, ? or #, or none.');
}

/** What the flags ask for. @throws Error when the variable with the key is not there; it repeats neither. */
export function poolRequestOf(flags: PoolFlags, env: NodeJS.ProcessEnv): UpdatePoolRequest {
  const { vendor, weight, waitingMax, waitingPerTenantMax, familyCap, deployment, upstreamKeyEnv } = flags;
  return {
    vendor,
    weight,
    waitingMax,
    waitingPerTenantMax,
    sessionsMax: orNull(flags.sessionsMax),
    models: orNull(flags.models),
    tier: orNull(flags.tier),
    familyCaps: familyCap,
    tokensPerMinuteMax: orNull(flags.tokensPerMinute),
    upstreamUrl: orNull(flags.upstreamUrl),
    upstreamKey: upstreamKeyEnv === undefined ? undefined : keyIn(env, orNull(upstreamKeyEnv)),
    deployments: deployment,
  };
}

// A command line is in the shell's history and in the list of processes, so it carries a name and never the key. What was
// typed as the name may be the key all the same, by mistake: it is not repeated.
function keyIn(env: NodeJS.ProcessEnv, name: string | null): string | null {
  if (name === null) return null;
  const key = env[name]?.trim() ?? '';
  if (UpdatePoolInput.shape.upstreamKey.safeParse(key).success) return key;
  if (key !== '')
    throw new Error(
      'the variable that --upstream-key-env names must hold one line of 8 to 512 printable characters without spaces',
    );
  throw new Error(
    '--upstream-key-env takes the name of an environment variable that holds the key, such as UPSTREAM_KEY; ' +
      'no variable of the name given is set',
  );
}
