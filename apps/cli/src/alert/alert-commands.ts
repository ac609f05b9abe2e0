// `alert`: what is wrong now and was, who was told, and messages that nobody took.
import { setTimeout as delay } from 'node:timers/promises';
import type { Alert, AlertDelivery } from '@trunkline/alerting';
import {
  listAlerts,
  listChannels,
  listDeliveries,
  resendDelivery,
  testChannel,
} from '@trunkline/alerting/adapters/prisma';
import { Option, type Command } from 'commander';
import { wholeIn } from '../flag-values.js';
import type { Row } from '../output.js';
import { done, type RunCommand } from '../run-command.js';
import { ofOwner, ownerNamed, type OwnerFlag } from './alert-flags.js';
import { addChannelCommands, type RunSealing } from './channel-commands.js';
import { addRuleCommands } from './rule-commands.js';

/** What the commands are run with. */
export interface AlertRun {
  readonly run: RunCommand;
  readonly runSealing: RunSealing;
  readonly env: NodeJS.ProcessEnv;
  /** How long a test waits for what becomes of its message. */
  readonly testMsMax?: number;
}

const LIMIT = { min: 1, max: 1_000 } as const;
const LIMIT_DEFAULT = 100;
// A worker looks once a second, and a receiver may take its time.
const TEST_MS_MAX = 15_000;
const POLL_MS = 250;

/** Adds the commands to the program. */
export function addAlertCommands(program: Command, { testMsMax = TEST_MS_MAX, ...parts }: AlertRun): void {
  const { run } = parts;
  const alert = program.command('alert').description('what is wrong, and who is told: docs/alerts.md');
  ofOwner(alert.command('list'))
    .description('what is firing now; the newest first')
    .option('--all', 'what is over, too')
    .option('--limit <rows>', 'rows at most', wholeIn(LIMIT), LIMIT_DEFAULT)
    .action((flags: OwnerFlag & { readonly all?: true; readonly limit: number }, command: Command) =>
      run(
        command,
        async (tenancy) => {
          const owner = await ownerNamed(tenancy, flags);
          const owners = owner === null ? null : [owner];
          const state = flags.all === true ? undefined : 'firing';
          return (await listAlerts(tenancy.db, { owners, state, limit: flags.limit })).map(alertRow);
        },
        'nothing is wrong',
      ),
    );
  ofOwner(alert.command('test <channel>'))
    .description('has a channel told a test message, and waits for what becomes of it; a worker must be running')
    .action((named: string, flags: OwnerFlag, command: Command) =>
      run(command, async (tenancy) => {
        const owner = await ownerNamed(tenancy, flags);
        const asked = done(await testChannel(tenancy, owner, named));
        const became = await settled(asked, testMsMax, async () => {
          const rows = await listDeliveries(tenancy.db, { owner, channelId: asked.channelId, limit: LIMIT_DEFAULT });
          return rows.find(({ id }) => id === asked.id);
        });
        return [deliveryRow(became, named)];
      }),
    );
  addDeliveryCommands(alert, run);
  addChannelCommands(alert, parts);
  addRuleCommands(alert, run);
}

function addDeliveryCommands(alert: Command, run: RunCommand): void {
  ofOwner(alert.command('deliveries'))
    .description('messages to channels, the newest first')
    .addOption(new Option('--state <state>', 'only these').choices(['waiting', 'sent', 'dead']))
    .option('--limit <rows>', 'rows at most', wholeIn(LIMIT), LIMIT_DEFAULT)
    .action((flags: DeliveryFlags, command: Command) =>
      run(command, async (tenancy) => {
        const { state, limit } = flags;
        const owner = await ownerNamed(tenancy, flags);
        const names = new Map<string, string>(
          (await listChannels(tenancy.db, owner)).map(({ id, name }) => [id, name]),
        );
        const rows = await listDeliveries(tenancy.db, { owner, state, limit });
        return rows.map((each) => deliveryRow(each, names.get(each.channelId) ?? each.channelId));
      }),
    );
  ofOwner(alert.command('resend <delivery>'))
    .description('sends a dead letter again, under the same id, for another day')
    .action((id: string, flags: OwnerFlag, command: Command) =>
      run(command, async (tenancy) => {
        const delivery = done(await resendDelivery(tenancy, await ownerNamed(tenancy, flags), id));
        return [deliveryRow(delivery, delivery.channelId)];
      }),
    );
}

interface DeliveryFlags extends OwnerFlag {
  readonly state?: AlertDelivery['state'];
  readonly limit: number;
}

async function settled(
  asked: AlertDelivery,
  msMax: number,
  read: () => Promise<AlertDelivery | undefined>,
): Promise<AlertDelivery> {
  const untilMs = performance.now() + msMax;
  let found = asked;
  while (found.state === 'waiting' && found.problem === null && performance.now() < untilMs) {
    await delay(POLL_MS);
    found = (await read()) ?? found;
  }
  return found;
}

function alertRow({ id, rule, kind, severity, state, subject, value, threshold, firedMs, resolvedMs }: Alert): Row {
  return {
    ...{ state, severity, kind, subject, value, threshold, rule },
    ...{
      fired_at: new Date(firedMs).toISOString(),
      resolved_at: resolvedMs === null ? null : new Date(resolvedMs).toISOString(),
    },
    id,
  };
}

function deliveryRow(
  { id, event, state, attempts, problem, message, createdMs, nextMs }: AlertDelivery,
  channel: string,
): Row {
  return {
    ...{ id, channel, event, state, attempts, problem, about: message.subject },
    made_at: new Date(createdMs).toISOString(),
    next_at: state === 'waiting' ? new Date(nextMs).toISOString() : null,
  };
}
