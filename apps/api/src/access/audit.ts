// The record of changes, from the routes: a database that records what a request does to it.
import type { Database } from '@trunkline/platform/database';
import { audited, recordAudit, type AuditedChange } from '@trunkline/tenancy/adapters/prisma';
import type { Request } from 'express';
import { accessOf, actorOf, originOf } from './access-of.js';

/** What a request changes. */
export interface RequestedChange {
  readonly kind: string;
  /** Null: it is made by this, and its id is in the outcome. */
  readonly id: string | null;
  readonly tenantId?: string;
  readonly asked: unknown;
  /** The outcome is more than the record should hold. */
  readonly withoutResult?: boolean;
  /** Who acts, as the operator's programs name them. */
  readonly actor?: string | undefined;
}

/** The database, with an entry of the record at the end of each transaction that changes something. */
export function auditedDb(db: Database, request: Request, change: RequestedChange): Database {
  return audited(db, changeBy(request, change));
}

/** Records what happens outside of the database. */
export async function recordOnly(
  db: Database,
  request: Request,
  change: RequestedChange & { readonly id: string },
): Promise<void> {
  const { asked, ...rest } = changeBy(request, change);
  const object = { kind: change.kind, id: change.id };
  await db.$transaction((tx) => recordAudit(tx, { ...rest, object, before: null, after: { asked } }));
}

function changeBy(request: Request, change: RequestedChange): AuditedChange {
  return {
    ...{ actor: actorOf(request, change.actor), origin: originOf(request), action: accessOf(request).permission },
    ...{ object: { kind: change.kind, id: change.id }, tenantId: change.tenantId ?? null },
    ...{ asked: change.asked, withoutResult: change.withoutResult ?? false },
  };
}
