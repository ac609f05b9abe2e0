// Makes a statement out of one snapshot of the books.
import type { TenantId } from '@trunkline/kernel';
import type { Period } from '@trunkline/ledger';
import { withSnapshot, type Database, type Snapshot } from '@trunkline/platform/database';
import {
  isPreliminary,
  StatementBuilder,
  type CostCentre,
  type Directory,
  type Statement,
  type StatementScope,
} from '../../index.js';
import {
  chargeRowsOf,
  costCentresOfClosed,
  listCostCentres,
  loadDirectory,
  prepaidBefore,
  tenantsOfMonth,
} from '../prisma/index.js';
import type { Books } from './write-export.js';

/** Whose statement of which month; the code of a cost centre, null for what belongs to none. */
export type StatementRequest = { readonly period: Period } & (
  { readonly tenantId: TenantId } | { readonly costCentre: string | null }
);

/**
 * The statement; null when there is no such cost centre.
 * @param within who asks sees rows of these tenants only; null: of everybody
 */
export async function writeStatement(
  books: Books,
  request: StatementRequest,
  within: readonly string[] | null = null,
): Promise<Statement | null> {
  const { period } = request;
  const write = async (snapshot: Snapshot) => {
    const tenants = 'tenantId' in request ? [request.tenantId] : await tenantsOfMonth(books.db, snapshot, period);
    const directory = await loadDirectory(books.db, { snapshot, period, tenants });
    const scope = await scopeOf(books.db, request, directory);
    if (scope === null) return null;
    const before = scope.kind === 'tenant' ? await prepaidBefore(snapshot, { ...scope, period }) : undefined;
    const builder = new StatementBuilder(scope, directory, before);
    const range = { tenants, period, timeZone: directory.company.timeZone };
    for await (const batch of chargeRowsOf(snapshot, range)) for (const row of batch) builder.add(row);
    return builder.build();
  };
  return withSnapshot(books.databaseUrl, write, { tenants: within });
}

// A cost centre is called as the month calls it: as its tenants do, or, where nobody had it, as the close found it. Before the
// close it is called as it is now.
async function scopeOf(db: Database, request: StatementRequest, directory: Directory): Promise<StatementScope | null> {
  if ('tenantId' in request) return { kind: 'tenant', tenantId: request.tenantId };
  const { costCentre: code } = request;
  if (code === null) return { kind: 'cost_centre', costCentre: null };
  const inMonth = [...directory.tenants.values()].flatMap(({ costCentres }) => costCentres.get(code) ?? []);
  const costCentre = inMonth[0] ?? (await known(db, directory)).find((each) => each.code === code);
  return costCentre === undefined ? null : { kind: 'cost_centre', costCentre };
}

function known(db: Database, directory: Directory): Promise<readonly CostCentre[]> {
  return isPreliminary(directory) ? listCostCentres(db) : costCentresOfClosed(db, directory.period);
}
