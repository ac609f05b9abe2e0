// `apply` and `diff`: an installation as a file says.
import { readFile, rm, writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { z } from 'zod';
import type { SecretSeal } from '@trunkline/platform/secrets';
import type { PoolContext } from '@trunkline/tenancy/adapters/prisma';
import { withActor, type ActorFlag } from '../actor.js';
import { applyConfiguration } from './apply-configuration.js';
import { ConfigRefused, type NewSecret } from './apply-run.js';
import { configPolicies } from './config-policies.js';
import { Configuration, type ConfigurationRequest } from './configuration.js';
import { diffText, type ConfigChange } from './differences.js';
import { checkConfigFile, readConfigFile } from './yaml-file.js';

/** What the commands are run with. */
export interface ConfigRun {
  readonly run: (command: Command, work: (context: PoolContext, seal: SecretSeal) => Promise<string>) => Promise<void>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `diff` found that the installation is not as the file says. */
  readonly onDrift: () => void;
}

interface ConfigFlags extends ActorFlag {
  readonly file: string;
  readonly prune?: true;
  readonly dryRun?: true;
  readonly secretsOut?: string;
}

const SAME = 'nothing to change\n';

/** Adds the commands to the program. */
export function addConfigCommands(program: Command, parts: ConfigRun): void {
  withActor(filed(program.command('apply')))
    .description('bring tenants, keys, pools, shares, limits and policies to what a file says, all or nothing')
    .option('--dry-run', 'say what would change, and change nothing')
    .option('--secrets-out <file>', 'write new keys there, readable by you only; default: they are printed once')
    .action((flags: ConfigFlags, command: Command) =>
      parts.run(command, async (context, seal) => {
        const { changes, secrets } = await applied(parts, { context, seal }, flags);
        const printed = flags.secretsOut === undefined && flags.dryRun !== true ? secretLines(secrets) : '';
        return `${textOf(changes)}${printed}`;
      }),
    );
  withActor(filed(program.command('diff')))
    .description('how the installation differs from a file; exit code 2 when it does')
    .action((flags: ConfigFlags, command: Command) =>
      parts.run(command, async (context, seal) => {
        const { changes } = await applied(parts, { context, seal }, { ...flags, dryRun: true });
        if (changes.length > 0) parts.onDrift();
        return textOf(changes);
      }),
    );
}

function filed(command: Command): Command {
  return command
    .requiredOption('-f, --file <trunkline.yaml>', 'docs/configuration-as-code.md says what may stand in it')
    .option('--prune', 'also put away what the file does not name: tenants, keys, shares; pools are drained');
}

async function applied(
  { env }: ConfigRun,
  { context, seal }: { readonly context: PoolContext; readonly seal: SecretSeal },
  flags: ConfigFlags,
) {
  const read = readConfigFile({ name: flags.file, text: await readFile(flags.file, 'utf8') }, env);
  if (!read.ok) throw new Error(read.error);
  const checked = checkConfigFile(read.value, Configuration);
  if (!checked.ok) throw new Error(checked.error);
  // Ours to take back when nothing comes of it.
  let written: string | null = null;
  const request = {
    ...{ wanted: checked.value, raw: rawOf(read.value.content) },
    ...{ prune: flags.prune === true, dryRun: flags.dryRun === true },
    keepSecrets: async (secrets: readonly NewSecret[]) => {
      written = await writeSecrets(flags.secretsOut, secrets);
    },
  };
  try {
    const opened = { ...context, openUpstreamKey: seal.open };
    return await applyConfiguration({ context: opened, policies: configPolicies(seal, flags.actor) }, request);
  } catch (error) {
    if (written !== null) await rm(written);
    if (error instanceof ConfigRefused) throw new Error(read.value.told(error.path, error.message), { cause: error });
    throw error;
  }
}

// The services read what the file has by schemas of their own.
function rawOf(content: unknown) {
  return RAW.parse(content);
}

const RAW = z.custom<ConfigurationRequest>((value) => Configuration.safeParse(value).success);

// @returns the file that was written; null: none
async function writeSecrets(file: string | undefined, secrets: readonly NewSecret[]): Promise<string | null> {
  if (file === undefined || secrets.length === 0) return null;
  // Never over another file.
  await writeFile(file, secretLines(secrets), { flag: 'wx', mode: 0o600 });
  return file;
}

function textOf(changes: readonly ConfigChange[]): string {
  return changes.length === 0 ? SAME : diffText(changes);
}

function secretLines(secrets: readonly NewSecret[]): string {
  return secrets.map(({ tenant, key, secret }) => `${tenant}/${key}: ${secret}\n`).join('');
}
