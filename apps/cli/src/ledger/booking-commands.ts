// What a person books: `ledger credit`, `adjust`, `prepay`, `draw` and `reverse`.
import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import type { AmountPico } from '@trunkline/kernel';
import type { ChargePurpose, ManualKind, Period } from '@trunkline/ledger';
import { bookByHand, reverseTransaction, type Booked } from '@trunkline/ledger/adapters/prisma';
import { findTenant } from '@trunkline/tenancy/adapters/prisma';
import { becauseOf, withBecause, type BecauseFlags } from '../actor.js';
import type { Row } from '../output.js';
import { done, type RunCommand } from '../run-command.js';
import { amountOf, periodOf } from './scope-flags.js';

interface BookingFlags extends BecauseFlags {
  readonly amount: AmountPico;
  readonly for?: Period;
  readonly reference?: string;
  readonly cost?: true;
}

const KINDS: readonly (readonly [string, ManualKind, string])[] = [
  ['credit', 'credit', 'lets a tenant off an amount'],
  ['adjust', 'adjustment', 'changes what a tenant owes by an amount, which may be negative'],
  ['prepay', 'prepayment', 'books money that a tenant paid before it is used'],
  ['draw', 'drawdown', 'uses prepaid money for what is owed; a close does it by itself'],
];

/** Adds the commands to `ledger`. */
export function addBookingCommands(ledger: Command, run: RunCommand): void {
  for (const [verb, kind, says] of KINDS) {
    const command = withBecause(ledger.command(`${verb} <tenant>`).description(says))
      .requiredOption('--amount <usd>', 'US dollars, such as 12.50', amountOf)
      .option('--for <month>', 'the month that it is about; default: the running one', periodOf)
      .option('--reference <text>', 'the same again books nothing twice; default: each call books');
    if (kind === 'adjustment') command.option('--cost', 'of what the vendor charges us, not of what the tenant owes');
    command.action((named: string, flags: BookingFlags, self: Command) =>
      run(self, async (tenancy) => {
        const tenantId = done(await findTenant(tenancy, named)).id;
        const side: ChargePurpose = flags.cost === true ? 'provider_cost' : 'tenant_charge';
        const { amount, reference = randomUUID(), for: usagePeriod = null } = flags;
        const request = { kind, tenantId, amount, side, because: becauseOf(flags), usagePeriod, reference };
        const booked = done(await bookByHand(tenancy.db, request));
        return [{ ...bookedRow(booked), was_there: booked.repeated ? 'yes' : 'no' }];
      }),
    );
  }
  withBecause(ledger.command('reverse <transaction>').description('takes a transaction back, once')).action(
    (id: string, flags: BecauseFlags, self: Command) =>
      run(self, async ({ db }) => [bookedRow(done(await reverseTransaction(db, id, becauseOf(flags))))]),
  );
}

function bookedRow({ row }: Booked): Row {
  const { id, kind, total, period, usagePeriod, sequence, correctsId } = row;
  return {
    ...{ id, kind, total_usd: total, period, about: usagePeriod, corrects: correctsId },
    ...{ number: sequence.toString(), actor: row.actor, reason: row.reason },
  };
}
