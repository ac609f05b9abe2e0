// A database whose transactions record themselves: how services that know nothing of the record get an entry for what they
// change, in the same transaction. One for each request; not for reads.
import type { Database, Prisma } from '@trunkline/platform/database';
import { z } from 'zod';
import type { AuditRequest } from '../../index.js';
import { recordAudit } from './audit.js';

/** What is known of a change before it is made. The object's id, where it is not known yet, is taken from the outcome. */
export interface AuditedChange extends Omit<AuditRequest, 'object' | 'before' | 'after'> {
  readonly object: { readonly kind: string; readonly id: string | null };
  readonly before?: unknown;
  /** What was asked for; the outcome is recorded beside it. */
  readonly asked: unknown;
  /** The outcome is more than the record should hold, such as what somebody said. */
  readonly withoutResult?: boolean;
}

type Transactions = Pick<Database, '$transaction'>['$transaction'];
type Work<T> = (tx: Prisma.TransactionClient) => Promise<T>;

const refused = z.looseObject({ ok: z.literal(false) });
const answered = z.looseObject({ ok: z.literal(true), value: z.unknown() });
const withId = z.looseObject({ id: z.string() });
const withChange = z.looseObject({ change: withId });

/**
 * A view of a database of which each transaction that carries something out (a refusal does not, nor does an outcome of null)
 * ends with an entry of the record. Everything else goes straight through.
 */
export function audited(db: Database, change: AuditedChange): Database {
  const transaction = (work: Work<unknown>, options?: Parameters<Transactions>[1]): Promise<unknown> =>
    db.$transaction(async (tx) => {
      const outcome = await work(tx);
      if (outcome !== null && !refused.safeParse(outcome).success) await recordAudit(tx, entryOf(change, outcome));
      return outcome;
    }, options);
  return new Proxy(db, {
    get: (target, property): unknown =>
      property === '$transaction' ? transaction : Reflect.get(target, property, target),
  });
}

function entryOf(
  { object, asked, before = null, withoutResult = false, ...rest }: AuditedChange,
  outcome: unknown,
): AuditRequest {
  const result = answered.safeParse(outcome).data?.value ?? outcome;
  const made = withId.safeParse(result).data ?? withChange.safeParse(result).data?.change;
  return {
    ...rest,
    object: { kind: object.kind, id: object.id ?? made?.id ?? 'none' },
    before,
    after: withoutResult ? { asked } : { asked, result },
  };
}
