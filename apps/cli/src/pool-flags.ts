// The flags of `pool create` and `pool update`, and what they ask of the services.
import { Option, type Command } from 'commander';
import type { PoolVendor, Tier, UpdatePoolRequest } from '@trunkline/tenancy';
import { listOrNone, numberOf, numberOrNone, orNull, pairsOf, type OrNone, type Pairs } from './flag-values.js';

/** What was typed. Numbers and words are not checked yet: the services say what is allowed. */
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
    .option('--sessions-max <n>', 'sessions open at once, all models together; or none', numberOrNone)
    .option('--models <models>', 'comma-separated; or none: all that the vendor is known to serve', listOrNone)
    .option('--tier <n>', "OpenAI's usage tier, 1 to 5: fills the documented caps; none forgets it", numberOrNone)
    .option(
      '--family-cap <family=n>',
      'sessions open at once of a model family, such as gpt-live-1=50; =none removes it; may be repeated',
      pairsOf(numberOf, 'gpt-live-1=50'),
    )
    .option('--tokens-per-minute <n>', 'what the account may use, where it is known; or none', numberOrNone)
    .option('--weight <n>', 'share of new sessions among pools, 0 to 1000; 0: fallback only', numberOf)
    .option('--waiting-max <n>', 'handshakes that may wait for a line', numberOf)
    .option('--waiting-per-tenant-max <n>', 'of them, those of one tenant', numberOf)
    .option('--upstream-url <url>', 'address of the account; or none: that of the settings')
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
  if (key !== '') return key;
  throw new Error(
    '--upstream-key-env takes the name of an environment variable that holds the key, such as UPSTREAM_KEY; ' +
      'no variable of the name given is set',
  );
}
