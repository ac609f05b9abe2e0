// `alert channel`: whom to tell, and how.
import {
  CHANNEL_KINDS,
  type AlertChannel,
  type CreateChannelRequest,
  type UpdateChannelRequest,
} from '@trunkline/alerting';
import {
  createChannel,
  listChannels,
  removeChannel,
  updateChannel,
  type ChannelSeal,
} from '@trunkline/alerting/adapters/prisma';
import type { PoolContext } from '@trunkline/tenancy/adapters/prisma';
import { Option, type Command } from 'commander';
import { listOf } from '../flag-values.js';
import type { Row } from '../output.js';
import { done, type RunCommand } from '../run-command.js';
import { fromEnv, ofOwner, ownerNamed, type OwnerFlag } from './alert-flags.js';

/** Runs a command that seals secrets. */
export type RunSealing = (
  command: Command,
  work: (tenancy: PoolContext, seal: ChannelSeal) => Promise<readonly Row[]>,
) => Promise<void>;

interface ChannelFlags extends OwnerFlag {
  readonly kind: AlertChannel['kind'];
  readonly url?: string;
  readonly urlEnv?: string;
  readonly secretEnv?: string;
  readonly to?: string[];
  readonly off?: true;
  readonly on?: true;
}

/** Adds the commands. */
export function addChannelCommands(
  alert: Command,
  {
    run,
    runSealing,
    env,
  }: { readonly run: RunCommand; readonly runSealing: RunSealing; readonly env: NodeJS.ProcessEnv },
): void {
  const channel = alert.command('channel').description('whom to tell: webhooks, mail, chats that take Slack’s form');
  addressed(ofOwner(channel.command('create <name>')))
    .description('a webhook’s secret is printed once, to check signatures with, and sealed')
    .addOption(new Option('--kind <kind>', 'how').choices([...CHANNEL_KINDS]).makeOptionMandatory())
    .action((name: string, flags: ChannelFlags, command: Command) =>
      runSealing(command, async (tenancy, seal) => {
        const owner = await ownerNamed(tenancy, flags);
        const { channel: made, secret } = done(
          await createChannel({ ...tenancy, seal }, owner, newChannel(name, flags, env)),
        );
        return [{ ...channelRow(made), secret: secret ?? '-' }];
      }),
    );
  addressed(ofOwner(channel.command('update <channel>')))
    .description('what is not named stays')
    .option('--on', 'tell it again')
    .action((named: string, flags: ChannelFlags, command: Command) =>
      runSealing(command, async (tenancy, seal) => {
        const owner = await ownerNamed(tenancy, flags);
        const request = { named, request: changeOf(flags, env) };
        return [channelRow(done(await updateChannel({ ...tenancy, seal }, owner, request)))];
      }),
    );
  ofOwner(channel.command('list')).action((flags: OwnerFlag, command: Command) =>
    run(command, async (tenancy) => (await listChannels(tenancy.db, await ownerNamed(tenancy, flags))).map(channelRow)),
  );
  ofOwner(channel.command('remove <channel>'))
    .description('one that no rule names')
    .action((named: string, flags: OwnerFlag, command: Command) =>
      run(command, async (tenancy) => [
        channelRow(done(await removeChannel(tenancy.db, await ownerNamed(tenancy, flags), named))),
      ]),
    );
}

function addressed(command: Command): Command {
  return command
    .option('--url <url>', 'of a webhook; what is secret in it goes by --url-env')
    .option('--url-env <name>', 'environment variable that holds the url: that of a chat is its password')
    .option('--secret-env <name>', 'environment variable that holds the webhook’s whsec_ secret; else one is made')
    .option('--to <addresses>', 'of mail, comma-separated', listOf)
    .option('--off', 'tell it nothing for now');
}

function newChannel(name: string, flags: ChannelFlags, env: NodeJS.ProcessEnv): CreateChannelRequest {
  const { kind } = flags;
  const { url, secret, to, enabled = true } = changeOf(flags, env);
  switch (kind) {
    case 'email':
      return { name, kind, to: to ?? [], enabled };
    case 'slack':
      return { name, kind, url: url ?? '', enabled };
    case 'webhook':
      return { name, kind, url: url ?? '', enabled, ...(secret === undefined ? {} : { secret }) };
  }
}

function changeOf({ url, urlEnv, secretEnv, to, off, on }: ChannelFlags, env: NodeJS.ProcessEnv): UpdateChannelRequest {
  const address = urlEnv === undefined ? url : fromEnv(env, urlEnv, '--url-env');
  return {
    ...(address === undefined ? {} : { url: address }),
    ...(secretEnv === undefined ? {} : { secret: fromEnv(env, secretEnv, '--secret-env') }),
    ...(to === undefined ? {} : { to }),
    ...(off === true ? { enabled: false } : on === true ? { enabled: true } : {}),
  };
}

function channelRow({ id, name, kind, target, enabled }: AlertChannel): Row {
  return { name, kind, target, enabled: enabled ? 'yes' : 'no', id };
}
