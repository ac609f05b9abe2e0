// `tenant limits`: how long a tenant may wait and stay, how much it may use and spend.
import { InvalidArgumentError, Option, type Command } from 'commander';
import {
  DEFAULT_LIMITS,
  LIMIT_BOUNDS,
  type BillEstimates,
  type OverBudget,
  type TenantLimitsRequest,
} from '@trunkline/tenancy';
import { findTenant, updateTenant } from '@trunkline/tenancy/adapters/prisma';
import {
  dollarsOrNone,
  durationIn,
  durationInOrNone,
  durationText,
  orNull,
  rangeText,
  wholeInOrNone,
  type OrNone,
} from './flag-values.js';
import { done, type RunCommand } from './run-command.js';
import { tenantDetails } from './tenant-rows.js';

/** Adds the command to `tenant`. */
export function addLimitsCommand(tenant: Command, run: RunCommand): void {
  const limits = tenant
    .command('limits <tenant>')
    .description(
      'set limits; what is not named stays, and without flags they are shown. Durations: 500ms, 10s, 5m, 1h',
    );
  addDurations(limits);
  addAmounts(limits)
    .option('--bill-estimates <yes|no>', 'whether it pays for use that the vendor never reported; default yes', yesOrNo)
    .action((named: string, flags: LimitFlags, command: Command) =>
      run(command, async (tenancy) => {
        const tenant = done(await findTenant(tenancy, named));
        const limits = limitsOf(flags);
        if (Object.values(limits).every((value) => value === undefined)) return [tenantDetails(tenant)];
        return [tenantDetails(done(await updateTenant(tenancy, tenant.id, { limits })))];
      }),
    );
}

function addDurations(limits: Command): void {
  const { waitMsMax: wait, reconnectGraceMs: grace, idleReclaimMs: idle, sessionMsMax: session } = LIMIT_BOUNDS;
  const said = (what: string, bounds: { readonly min: number; readonly max: number }, preset: number | null) => {
    const [none, usual] = preset === null ? [', or none', 'none'] : ['', durationText(preset)];
    return `${what}: ${rangeText(bounds, durationText)}${none}; default ${usual}`;
  };
  const { waitMsMax, reconnectGraceMs } = DEFAULT_LIMITS;
  limits
    .option(
      '--wait <duration>',
      said('how long a handshake may wait for a line, 0 refuses at once', wait, waitMsMax),
      durationIn(wait),
    )
    .option(
      '--grace <duration>',
      said('how long a line is kept for a client that reconnects', grace, reconnectGraceMs),
      durationIn(grace),
    )
    .option(
      '--idle-reclaim <duration>',
      said('silence after which a session ends when another waits', idle, null),
      durationInOrNone(idle),
    )
    .option('--session-max <duration>', said('how long a session may last', session, null), durationInOrNone(session));
}

function addAmounts(limits: Command): Command {
  const { sessionsPerMinuteMax: sessions, tokensPerMinuteMax: tokens } = LIMIT_BOUNDS;
  const dollars = 'as a decimal above 0, or none; default none';
  return limits
    .option(
      '--sessions-per-minute <n>',
      `new sessions in any minute: ${rangeText(sessions)}, or none; default none`,
      wholeInOrNone(sessions),
    )
    .option(
      '--tokens-per-minute <n>',
      `tokens in any minute: ${rangeText(tokens)}, or none; default none`,
      wholeInOrNone(tokens),
    )
    .option('--spend-session <usd>', `US dollars in one session, ${dollars}`, dollarsOrNone)
    .option('--spend-day <usd>', `US dollars in one day (UTC), ${dollars}`, dollarsOrNone)
    .option('--spend-month <usd>', `US dollars in one calendar month (UTC), ${dollars}`, dollarsOrNone)
    .addOption(
      new Option(
        '--over-budget <how>',
        `at the end of a budget: finish_turn (then close), block_turns (stay open, refuse turns) or cut (cancel, close); default ${DEFAULT_LIMITS.overBudget}`,
      ).choices(['finish_turn', 'block_turns', 'cut']),
    );
}

interface LimitFlags {
  readonly wait?: number;
  readonly grace?: number;
  readonly idleReclaim?: OrNone<number>;
  readonly sessionMax?: OrNone<number>;
  readonly sessionsPerMinute?: OrNone<number>;
  readonly tokensPerMinute?: OrNone<number>;
  readonly spendSession?: string;
  readonly spendDay?: string;
  readonly spendMonth?: string;
  readonly overBudget?: OverBudget;
  readonly billEstimates?: BillEstimates;
}

function yesOrNo(text: string): BillEstimates {
  if (text === 'yes') return 'bill';
  if (text === 'no') return 'do_not_bill';
  throw new InvalidArgumentError('Write yes or no.');
}

function limitsOf(flags: LimitFlags): TenantLimitsRequest {
  return {
    waitMsMax: flags.wait,
    reconnectGraceMs: flags.grace,
    idleReclaimMs: orNull(flags.idleReclaim),
    sessionMsMax: orNull(flags.sessionMax),
    sessionsPerMinuteMax: orNull(flags.sessionsPerMinute),
    tokensPerMinuteMax: orNull(flags.tokensPerMinute),
    spendSessionMax: orNull(flags.spendSession),
    spendDayMax: orNull(flags.spendDay),
    spendMonthMax: orNull(flags.spendMonth),
    overBudget: flags.overBudget,
    billEstimates: flags.billEstimates,
  };
}
