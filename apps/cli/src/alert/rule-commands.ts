// `alert rule`: what to look for, how bad it is, and whom to tell.
import {
  ALERT_KIND_NAMES,
  ALERT_KINDS,
  SEVERITIES,
  specOf,
  type AlertKind,
  type AlertRule,
  type Severity,
  type UpdateRuleRequest,
} from '@trunkline/alerting';
import { createRule, listRules, removeRule, updateRule } from '@trunkline/alerting/adapters/prisma';
import { Option, type Command } from 'commander';
import { durationOf, durationOrNone, durationText, listOrNone, numberOf, orNull, type OrNone } from '../flag-values.js';
import type { Row } from '../output.js';
import { done, type RunCommand } from '../run-command.js';
import { ofOwner, ownerNamed, type OwnerFlag } from './alert-flags.js';

interface RuleFlags extends OwnerFlag {
  readonly kind: AlertKind;
  readonly threshold: number;
  readonly for?: number;
  readonly severity?: Severity;
  readonly channels?: OrNone<string[]>;
  readonly repeat?: OrNone<number>;
  readonly off?: true;
  readonly on?: true;
}

/** Adds the commands. */
export function addRuleCommands(alert: Command, run: RunCommand): void {
  const rule = alert.command('rule').description('what to look for, how bad it is, and whom to tell');
  termed(ofOwner(rule.command('create <name>')))
    .description(ALERT_KIND_NAMES.map((kind) => `${kind}: ${ALERT_KINDS[kind].says}`).join('; '))
    .addOption(new Option('--kind <kind>', 'of what').choices([...ALERT_KIND_NAMES]).makeOptionMandatory())
    .requiredOption(
      '--threshold <number>',
      "in the kind's unit: percent, seconds, days, events, findings an hour",
      numberOf,
    )
    .action((name: string, flags: RuleFlags, command: Command) =>
      run(command, async (tenancy) => {
        const { kind, threshold } = flags;
        const request = { ...changeOf(flags), name, kind, threshold };
        return [ruleRow(done(await createRule(tenancy, await ownerNamed(tenancy, flags), request)))];
      }),
    );
  termed(ofOwner(rule.command('update <rule>')))
    .description('what is not named stays')
    .option('--threshold <number>', "in the kind's unit", numberOf)
    .option('--on', 'look again')
    .action((named: string, flags: RuleFlags, command: Command) =>
      run(command, async (tenancy) => {
        const owner = await ownerNamed(tenancy, flags);
        return [ruleRow(done(await updateRule(tenancy.db, owner, { named, request: changeOf(flags) })))];
      }),
    );
  ofOwner(rule.command('list')).action((flags: OwnerFlag, command: Command) =>
    run(command, async (tenancy) => (await listRules(tenancy.db, await ownerNamed(tenancy, flags))).map(ruleRow)),
  );
  ofOwner(rule.command('remove <rule>'))
    .description('what it has open is over')
    .action((named: string, flags: OwnerFlag, command: Command) =>
      run(command, async (tenancy) => [
        ruleRow(done(await removeRule(tenancy.db, await ownerNamed(tenancy, flags), named))),
      ]),
    );
}

function termed(command: Command): Command {
  return command
    .option('--for <duration>', 'how long it must be bad to fire, and well to be over; default 0', durationOf)
    .addOption(new Option('--severity <severity>', 'how bad it is; default warning').choices([...SEVERITIES]))
    .option('--channels <channels>', 'names of channels, comma-separated, or none', listOrNone)
    .option('--repeat <duration>', 'tell again after so long while it goes on, or none', durationOrNone)
    .option('--off', 'do not look for now');
}

function changeOf({
  threshold,
  for: forMs,
  severity,
  channels,
  repeat,
  off,
  on,
}: Partial<RuleFlags>): UpdateRuleRequest {
  return {
    ...(threshold === undefined ? {} : { threshold }),
    ...(forMs === undefined ? {} : { forMs }),
    ...(severity === undefined ? {} : { severity }),
    ...(channels === undefined ? {} : { channels: channels === 'none' ? [] : channels }),
    ...(repeat === undefined ? {} : { repeatMs: orNull(repeat) }),
    ...(off === true ? { enabled: false } : on === true ? { enabled: true } : {}),
  };
}

function ruleRow({ id, name, kind, threshold, forMs, severity, repeatMs, enabled, channels }: AlertRule): Row {
  return {
    ...{
      name,
      kind,
      threshold: `${threshold} ${specOf(kind).unit.replaceAll('_', ' ')}`,
      for: durationText(forMs),
      severity,
    },
    repeat: repeatMs === null ? 'none' : durationText(repeatMs),
    ...{ channels, enabled: enabled ? 'yes' : 'no', id },
  };
}
