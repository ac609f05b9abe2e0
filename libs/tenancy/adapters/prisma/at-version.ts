// Two administrators who edit the same thing: who comes second is told, and changes nothing. The version is compared under the lock
// that every change of the thing takes, in the transaction of the change.
import { err, type ApiKeyId, type PoolId, type TenantId } from '@trunkline/kernel';
import type { Database, Prisma } from '@trunkline/platform/database';
import type { AdministrationRefusal } from '../../index.js';
import { lockPool, lockTenant } from './locks.js';
import { transacting } from './transacting.js';

/** What is edited. */
export type EditedThing =
  | { readonly kind: 'tenant'; readonly tenantId: TenantId }
  | { readonly kind: 'key'; readonly tenantId: TenantId; readonly keyId: ApiKeyId }
  | { readonly kind: 'pool'; readonly poolId: PoolId }
  | { readonly kind: 'share'; readonly tenantId: TenantId; readonly poolId: PoolId }
  /** What another library looks after. Locks it; null: it is not there. */
  | { readonly kind: 'other'; readonly versionOf: (tx: Prisma.TransactionClient) => Promise<string | null> };

/** The version of a share that is not stored: the tenant has the default. */
export const NOT_STORED = '0';

/** A view of a database whose transactions change a thing only if it is as it was read; else `changed_meanwhile`. */
export function atVersion(db: Database, thing: EditedThing, version: string): Database {
  return transacting(db, async (tx, work) => {
    const current = await versionOf(tx, thing);
    // What is not there is for the service to say.
    return current === null || current === version ? work(tx) : err(CHANGED);
  });
}

const CHANGED: AdministrationRefusal = {
  code: 'changed_meanwhile',
  message: 'Somebody changed this after you read it. Look at what is there now, and repeat your change on that.',
};

async function versionOf(tx: Prisma.TransactionClient, thing: EditedThing): Promise<string | null> {
  if (thing.kind === 'other') return thing.versionOf(tx);
  if (thing.kind === 'pool') await lockPool(tx, thing.poolId);
  else await lockTenant(tx, thing.tenantId);
  const row = await versionRow(tx, thing);
  if (row !== null) return row.version.toString();
  return thing.kind === 'share' ? NOT_STORED : null;
}

function versionRow(
  tx: Prisma.TransactionClient,
  thing: Exclude<EditedThing, { readonly kind: 'other' }>,
): Promise<{ readonly version: bigint } | null> {
  const select = { version: true } as const;
  switch (thing.kind) {
    case 'tenant':
      return tx.tenant.findUnique({ where: { id: thing.tenantId }, select });
    case 'key':
      return tx.apiKey.findUnique({ where: { id: thing.keyId, tenantId: thing.tenantId }, select });
    case 'pool':
      return tx.pool.findUnique({ where: { id: thing.poolId }, select });
    case 'share': {
      const { poolId, tenantId } = thing;
      return tx.poolShare.findUnique({ where: { poolId_tenantId: { poolId, tenantId } }, select });
    }
  }
}
