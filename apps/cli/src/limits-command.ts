// `tenant limits`: how long a tenant may wait and stay, how much it may use and spend.
import { InvalidArgumentError, type Command } from 'commander';
import type { BillEstimates, OverBudget, TenantLimitsRequest } from '@trunkline/tenancy';
import { findTenant, updateTenant } from '@trunkline/tenancy/adapters/prisma';
import { durationOf, durationOrNone, numberOrNone, orNull, type OrNone } from './flag-values.js';
import { done, type RunCommand } from './run-command.js';
import { tenantDetails } from './tenant-rows.js';

/** Adds the command to `tenant`. */
export function addLimitsCommand(tenant: Command, run: RunCommand): void {
  tenant
    .command('limits <tenant>')
    .description('set limits; what is not named stays, and without flags they are shown. Durations: 500ms, 10s, 5m, 1h')
    .option('--wait <duration>', 'how long a handshake may wait for a line; 0 refuses at once', durationOf)
    .option('--grace <duration>', 'how long a line is kept for a client that reconnects', durationOf)
    .option(
      '--idle-reclaim <duration>',
      'silence after which a session ends when another waits; or none',
      durationOrNone,
    )
    .option('--session-max <duration>', 'how long a session may last; or none', durationOrNone)
    .option('--sessions-per-minute <n>', 'new sessions in any minute; or none', numberOrNone)
    .option('--tokens-per-minute <n>', 'or none', numberOrNone)
    .option('--spend-session <usd>', 'US dollars in one session; or none')
    .option('--spend-day <usd>', 'US dollars in one day (UTC); or none')
    .option('--spend-month <usd>', 'US dollars in one calendar month (UTC); or none')
    .option(
      '--over-budget <how>',
      'at the end of a budget: finish_turn (then close), block_turns (stay open, refuse turns) or cut (cancel, close)',
    )
    .option('--bill-estimates <yes|no>', 'whether it pays for use that the vendor never reported', yesOrNo)
    .action((named: string, flags: LimitFlags, command: Command) =>
      run(command, async (tenancy) => {
        const tenant = done(await findTenant(tenancy, named));
        const limits = limitsOf(flags);
        if (Object.values(limits).every((value) => value === undefined)) return [tenantDetails(tenant)];
        return [tenantDetails(done(await updateTenant(tenancy, tenant.id, { limits })))];
      }),
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
  /** As it was typed; the service says what is allowed. */
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
