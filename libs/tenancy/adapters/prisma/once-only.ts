// A request that is sent twice makes one thing: its Idempotency-Key is stored in the transaction that makes it, with the answer. Two
// at once wait for each other at the row. Guarantees that a refused request leaves nothing, so that it can be sent again.
import type { Result } from '@trunkline/kernel';
import type { Database, Prisma } from '@trunkline/platform/database';
import { z } from 'zod';
import type { AdministrationRefusal } from '../../index.js';
import { asCompany } from './tenant-rows.js';
import { transacting } from './transacting.js';

/** How long a key is known. */
export const IDEMPOTENCY_MS = 24 * 3_600_000;

/** A request that may come again. */
export interface RepeatableRequest<T> {
  /** Keyed hash over who asks and the key that they gave. */
  readonly keyHash: string;
  /** Over what they ask. */
  readonly bodyHash: string;
  readonly nowMs: number;
  /** The answer, sealed: it may hold a secret that is shown once. */
  readonly answerOf: (value: T) => string;
}

/** The thing was made before. */
export class MadeBefore extends Error {
  override readonly name = 'MadeBefore';
  constructor(readonly answerSealed: string) {
    super('made before');
  }
}

/** The same key came with another request. */
export class OtherRequest extends Error {
  override readonly name = 'OtherRequest';
}

/** A view of a database whose transactions make what a request asks for once. They reject with `MadeBefore` or `OtherRequest`. */
export function onceOnly<T>(db: Database, request: RepeatableRequest<T>): Database {
  const { keyHash, bodyHash } = request;
  return transacting(db, async (tx, work) => {
    // Answers of everybody lie in one table: it is the company's.
    await asCompany(tx, async () => {
      if (!(await claim(tx, request))) throw await whyNot(tx, request);
    });
    const outcome = await work(tx);
    const { data: result } = resultOf<T>().safeParse(outcome);
    const kept = { where: { keyHash, bodyHash } };
    await asCompany<unknown>(tx, () =>
      result?.ok === true
        ? tx.idempotentRequest.update({ ...kept, data: { answerSealed: request.answerOf(result.value) } })
        : tx.idempotentRequest.delete(kept),
    );
    return outcome;
  });
}

/** Deletes at most `max` keys that are over. @returns how many. */
export async function sweepIdempotentRequests(
  db: Database,
  { nowMs, max }: { readonly nowMs: number; readonly max: number },
): Promise<number> {
  return db.$executeRaw`
    DELETE FROM idempotent_request WHERE key_hash IN (
      SELECT key_hash FROM idempotent_request WHERE created_at <= ${new Date(nowMs - IDEMPOTENCY_MS)}
      ORDER BY created_at LIMIT ${max})`;
}

// Takes the place of one that is over. False: it is taken.
async function claim(
  tx: Prisma.TransactionClient,
  { keyHash, bodyHash, nowMs }: RepeatableRequest<never>,
): Promise<boolean> {
  const made = await tx.$executeRaw`
    INSERT INTO idempotent_request (key_hash, body_hash, created_at) VALUES (${keyHash}, ${bodyHash}, ${new Date(nowMs)})
    ON CONFLICT (key_hash) DO UPDATE
      SET body_hash = EXCLUDED.body_hash, created_at = EXCLUDED.created_at, answer_sealed = NULL
      WHERE idempotent_request.created_at <= ${new Date(nowMs - IDEMPOTENCY_MS)}`;
  return made === 1;
}

async function whyNot(
  tx: Prisma.TransactionClient,
  { keyHash, bodyHash }: RepeatableRequest<never>,
): Promise<MadeBefore | OtherRequest> {
  const row = await tx.idempotentRequest.findUniqueOrThrow({ where: { keyHash } });
  return row.bodyHash === bodyHash && row.answerSealed !== null ? new MadeBefore(row.answerSealed) : new OtherRequest();
}

function resultOf<T>() {
  return z.custom<Result<T, AdministrationRefusal>>(
    (value) => typeof value === 'object' && value !== null && 'ok' in value,
  );
}
