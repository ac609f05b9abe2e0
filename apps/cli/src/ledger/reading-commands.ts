// What the books say: `ledger` itself (how far behind), `balance`, `transactions` and `verify`.
import type { Command } from 'commander';
import { formatAmount } from '@trunkline/kernel';
import { TRANSACTION_KINDS, type Period, type TransactionKind } from '@trunkline/ledger';
import {
  balanceOfTenant,
  ledgerLag,
  listTransactions,
  verifyChains,
  type TransactionHead,
} from '@trunkline/ledger/adapters/prisma';
import { findTenant, listTenants, type TenancyContext } from '@trunkline/tenancy/adapters/prisma';
import { numberOf } from '../flag-values.js';
import type { Row } from '../output.js';
import { done, type RunCommand } from '../run-command.js';
import { tenantNames, type NameOf } from '../tenant-names.js';
import { periodOf, tenantNamed } from './scope-flags.js';

interface ScopeFlags {
  readonly tenant?: string;
  readonly period?: Period;
}

interface ListFlags extends ScopeFlags {
  readonly kind?: TransactionKind;
  readonly limit: number;
}

const LIMIT = 100;

/** Adds `ledger` to the program, with what can be read of it. */
export function addLedgerCommand(program: Command, run: RunCommand): Command {
  const ledger = program
    .command('ledger')
    .description('the books: how far behind they are, and what may be asked of and booked in them')
    .action((_flags, command: Command) => run(command, async ({ db }) => [{ ...(await ledgerLag(db)) }]));
  ledger
    .command('balance')
    .description('what tenants owe and have prepaid')
    .option('--tenant <tenant>', 'slug or id; default: all')
    .action((flags: ScopeFlags, command: Command) => run(command, (tenancy) => balanceRows(tenancy, flags)));
  scoped(ledger.command('transactions'))
    .description('bookings, the newest of each month first')
    .option('--kind <kind>', TRANSACTION_KINDS.join(', '), kindOf)
    .option('--limit <n>', 'rows at most', numberOf, LIMIT)
    .action((flags: ListFlags, command: Command) => run(command, (tenancy) => transactionRows(tenancy, flags)));
  scoped(ledger.command('verify'))
    .description('follows the hash chains and names the first row that was changed; fails when there is one')
    .action((flags: ScopeFlags, command: Command) => run(command, (tenancy) => verifiedRows(tenancy, flags)));
  return ledger;
}

function scoped(command: Command): Command {
  return command
    .option('--tenant <tenant>', 'slug or id; default: all')
    .option('--period <month>', 'such as 2026-11; default: all', periodOf);
}

async function balanceRows(tenancy: TenancyContext, { tenant }: ScopeFlags): Promise<Row[]> {
  const tenants = tenant === undefined ? await listTenants(tenancy) : [done(await findTenant(tenancy, tenant))];
  const rows: Row[] = [];
  for (const { id, slug } of tenants) {
    const { owed, prepaid, left, credited } = await balanceOfTenant(tenancy.db, id);
    rows.push({
      tenant: slug,
      owed_usd: formatAmount(owed),
      prepaid_usd: formatAmount(prepaid),
      left_usd: formatAmount(left),
      credited_usd: formatAmount(credited),
    });
  }
  return rows;
}

async function transactionRows(tenancy: TenancyContext, flags: ListFlags): Promise<Row[]> {
  const { period = null, kind = null, limit } = flags;
  const query = { tenantId: await tenantNamed(tenancy, flags.tenant), period, kind, limit };
  const nameOf = await tenantNames(tenancy);
  return (await listTransactions(tenancy.db, query)).map((head) => transactionRow(head, nameOf));
}

function transactionRow(head: TransactionHead, nameOf: NameOf): Row {
  return {
    ...{ id: head.id, tenant: nameOf(head.tenantId), period: head.period, number: head.chainSequence, kind: head.kind },
    ...{ purpose: head.purpose, total_usd: formatAmount(head.total), about: head.usagePeriod, model: head.model },
    occurred_at: new Date(head.occurredAtMs).toISOString(),
    ...{ revision: head.revision, corrects: head.correctsId, actor: head.actor, reason: head.reason },
  };
}

async function verifiedRows(tenancy: TenancyContext, { tenant: wanted, period }: ScopeFlags): Promise<Row[]> {
  const tenantId = await tenantNamed(tenancy, wanted);
  const scope = { ...(tenantId === null ? {} : { tenantId }), ...(period === undefined ? {} : { period }) };
  const nameOf = await tenantNames(tenancy);
  const rows: Row[] = [];
  const broken: string[] = [];
  for await (const chain of verifyChains(tenancy.db, scope)) {
    const { head } = chain;
    const tenant = nameOf(chain.tenantId);
    rows.push({ tenant, period: chain.period, rows: head.sequence.toString(), head: head.hash });
    if (chain.broken !== null) {
      const { sequence, id, why } = chain.broken;
      broken.push(`${chain.period} of ${tenant} breaks at number ${sequence} (${id ?? 'no row'}): ${why}`);
    }
  }
  if (broken.length > 0) throw new Error(`the books were changed after they were written:\n${broken.join('\n')}`);
  return rows;
}

function kindOf(text: string): TransactionKind {
  const kind = TRANSACTION_KINDS.find((known) => known === text);
  if (kind === undefined) throw new Error(`--kind ${text}: choose from ${TRANSACTION_KINDS.join(', ')}`);
  return kind;
}
