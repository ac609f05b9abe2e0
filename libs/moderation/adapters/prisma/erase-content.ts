// Takes kept content away: what is older than its policy keeps it, and what somebody asks for. Both the excerpts and the keys
// of their sessions go (a copy of an excerpt elsewhere is noise from then on), in one transaction with the proof of it.
import { createHash } from 'node:crypto';
import { err, ok, trustedId, type Result, type SessionId, type TenantId } from '@trunkline/kernel';
import { Prisma, type Database } from '@trunkline/platform/database';
import { z } from 'zod';

/** The proof of an erasure. */
export interface Erasure {
  readonly tenantId: TenantId;
  readonly cause: 'retention' | 'session' | 'end_user';
  readonly subject: string | null;
  readonly actor: string;
  readonly reason: string | null;
  readonly at: Date;
  /** Excerpts and keys that were there and are gone. */
  readonly pieces: number;
  readonly keys: number;
  /** Over the SHA-256 of each sealed excerpt, sorted, a line each: who has a copy can show that it is of them. */
  readonly sha256: string;
}

type Tx = Prisma.TransactionClient;

const erasedRow = z.object({ tenantId: z.string().transform((text) => trustedId('tnt', text)), sha256: z.string() });
const shreddedRow = erasedRow.pick({ tenantId: true });

/** Whose content. */
export type ErasureSubject =
  | { readonly kind: 'session'; readonly sessionId: SessionId }
  /** Our hash of them: all their sessions. */
  | { readonly kind: 'end_user'; readonly endUser: string };

/** Who wants it gone, why, and when (Unix milliseconds). */
export interface ErasureRequest {
  readonly subject: ErasureSubject;
  readonly actor: string;
  readonly reason: string | null;
  readonly atMs: number;
}

const WAIT_MS_MAX = 60_000;

/** An erasure waits this long for a connection and its work together: longer than that it is not under way. */
export const ERASE_MS_MAX = 2 * WAIT_MS_MAX;

/** Erases what was asked for. Content that is still to come of a session that is erased is not kept either. */
export async function eraseContent(
  db: Database,
  tenantId: TenantId,
  { subject, actor, reason, atMs }: ErasureRequest,
): Promise<Result<Erasure, { readonly message: string }>> {
  if (actor.trim() === '') return err({ message: 'It must be said who erases.' });
  const name = subject.kind === 'session' ? subject.sessionId : subject.endUser;
  return db.$transaction(
    async (tx) => {
      const at = new Date(atMs);
      const shredded = await shred(tx, tenantId, subject, at);
      if (shredded === 'foreign') return err({ message: `The tenant has no session ${name}.` });
      const pieces = z.array(erasedRow).parse(
        await tx.$queryRaw`
        UPDATE moderation_content SET sealed = NULL, erased_at = ${at}
         WHERE tenant_id = ${tenantId} AND sealed IS NOT NULL AND ${ofSubject(subject)}
        RETURNING tenant_id AS "tenantId", sealed_sha256 AS sha256`,
      );
      const proof = { tenantId, cause: subject.kind, subject: name, actor, reason, at };
      return ok(await prove(tx, proof, { pieces, keys: shredded }));
    },
    { timeout: WAIT_MS_MAX, maxWait: WAIT_MS_MAX },
  );
}

function ofSubject(subject: ErasureSubject): Prisma.Sql {
  return subject.kind === 'session'
    ? Prisma.sql`session_id = ${subject.sessionId}`
    : Prisma.sql`end_user = ${subject.endUser}`;
}

// A session that is known without content gets its shredded key now: what is on its way is then not kept.
async function shred(tx: Tx, tenantId: TenantId, subject: ErasureSubject, at: Date): Promise<number | 'foreign'> {
  if (subject.kind === 'session') {
    const known = await tx.session.findUnique({ where: { id: subject.sessionId }, select: { tenantId: true } });
    const key = await tx.moderationContentKey.findUnique({ where: { sessionId: subject.sessionId } });
    const owner = key?.tenantId ?? known?.tenantId;
    if (owner !== tenantId) return 'foreign';
    await tx.$executeRaw`
      INSERT INTO moderation_content_key (session_id, tenant_id, wrapped_key, keep_until, shredded_at)
      VALUES (${subject.sessionId}, ${tenantId}, NULL, ${at}, ${at})
      ON CONFLICT (session_id) DO NOTHING`;
  }
  const which =
    subject.kind === 'session'
      ? Prisma.sql`session_id = ${subject.sessionId}`
      : Prisma.sql`session_id IN (
          SELECT session_id FROM moderation_content WHERE tenant_id = ${tenantId} AND end_user = ${subject.endUser})`;
  return tx.$executeRaw`
    UPDATE moderation_content_key SET wrapped_key = NULL, shredded_at = ${at}
     WHERE tenant_id = ${tenantId} AND wrapped_key IS NOT NULL AND ${which}`;
}

// A slice is held locked until it is proved: short enough that nobody who reads or erases waits for it.
const SLICE = 1_000;

/** What is swept. */
export interface Sweep {
  /** What may be kept until then or less goes, Unix milliseconds. */
  readonly asOfMs: number;
  readonly atMs: number;
  readonly actor: string;
  /** Excerpts, and keys, of one transaction. */
  readonly sliceMax?: number;
  /** Ends the sweep after the slice at hand; the next one goes on. */
  readonly stopping?: AbortSignal;
}

/** Erases what is kept longer than it may be, in slices. @returns a proof for each slice and tenant of which something was. */
export async function sweepContent(db: Database, sweep: Sweep): Promise<readonly Erasure[]> {
  const { sliceMax = SLICE, stopping } = sweep;
  const proofs: Erasure[] = [];
  for (let isMore = true; isMore && stopping?.aborted !== true;) {
    const slice = await db.$transaction((tx) => sweepSlice(tx, sweep, sliceMax), {
      timeout: WAIT_MS_MAX,
      maxWait: WAIT_MS_MAX,
    });
    proofs.push(...slice.proofs);
    ({ isMore } = slice);
  }
  return proofs;
}

// What another worker sweeps is left to it.
async function sweepSlice(
  tx: Tx,
  { asOfMs, atMs, actor }: Sweep,
  sliceMax: number,
): Promise<{ readonly proofs: readonly Erasure[]; readonly isMore: boolean }> {
  const [asOf, at] = [new Date(asOfMs), new Date(atMs)];
  const pieces = z.array(erasedRow).parse(
    await tx.$queryRaw`
      UPDATE moderation_content SET sealed = NULL, erased_at = ${at}
       WHERE finding_id = ANY(ARRAY(
               SELECT finding_id FROM moderation_content WHERE sealed IS NOT NULL AND keep_until <= ${asOf}
                LIMIT ${sliceMax} FOR UPDATE SKIP LOCKED))
      RETURNING tenant_id AS "tenantId", sealed_sha256 AS sha256`,
  );
  const keys = z.array(shreddedRow).parse(
    await tx.$queryRaw`
      UPDATE moderation_content_key SET wrapped_key = NULL, shredded_at = ${at}
       WHERE session_id = ANY(ARRAY(
               SELECT session_id FROM moderation_content_key WHERE wrapped_key IS NOT NULL AND keep_until <= ${asOf}
                LIMIT ${sliceMax} FOR UPDATE SKIP LOCKED))
      RETURNING tenant_id AS "tenantId"`,
  );
  const proofs: Erasure[] = [];
  for (const tenantId of new Set([...pieces, ...keys].map((each) => each.tenantId))) {
    const proof = { tenantId, cause: 'retention', subject: null, actor, reason: null, at } as const;
    const gone = {
      pieces: pieces.filter((each) => each.tenantId === tenantId),
      keys: keys.filter((each) => each.tenantId === tenantId).length,
    };
    proofs.push(await prove(tx, proof, gone));
  }
  return { proofs, isMore: pieces.length === sliceMax || keys.length === sliceMax };
}

interface Gone {
  readonly pieces: readonly z.output<typeof erasedRow>[];
  readonly keys: number;
}

async function prove(
  tx: Tx,
  proof: Omit<Erasure, 'pieces' | 'keys' | 'sha256'>,
  { pieces, keys }: Gone,
): Promise<Erasure> {
  const lines = pieces.map(({ sha256 }) => `${sha256}\n`).sort();
  const erasure = {
    ...proof,
    pieces: pieces.length,
    keys,
    sha256: createHash('sha256').update(lines.join('')).digest('hex'),
  };
  await tx.moderationErasure.create({ data: erasure });
  return erasure;
}
