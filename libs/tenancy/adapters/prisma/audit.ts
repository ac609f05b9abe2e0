// The record of changes, as it is written and read. `recordAudit` is the only writer: in the transaction of the change, as its
// last step (it holds the end of the chain until the commit, so whoever waits for it holds everything else already).
import { randomBytes } from 'node:crypto';
import { err, mintId, ok, storableText, type Result } from '@trunkline/kernel';
import { Prisma, type Database } from '@trunkline/platform/database';
import { z } from 'zod';
import {
  auditLink,
  AuditWalk,
  recordedJson,
  type AuditActor,
  type AuditBreak,
  type AuditEntry,
  type AuditHead,
  type AuditRequest,
  type Json,
} from '../../index.js';
import { asCompany } from './tenant-rows.js';

const TEXT_MAX = 500;
const PAGE = 500;
const ACTORS = ['member', 'token', 'operator', 'terminal', 'system'] as const satisfies readonly AuditActor['kind'][];

const json: z.ZodType<Json> = z.json();

/** Which entries are read; the newest first. */
export interface AuditQuery {
  readonly objectKind?: string;
  readonly objectId?: string;
  readonly actorId?: string;
  readonly tenantIds?: readonly string[];
  readonly fromMs?: number;
  readonly toMs?: number;
  /** Only entries before this number. */
  readonly before?: bigint;
  readonly limit: number;
}

/** An entry with its hash. */
export interface RecordedEntry extends AuditEntry {
  readonly hash: string;
}

/** Records a change in its own transaction, also in one that is confined to tenants: the record is the company's. @returns the entry */
export function recordAudit(tx: Prisma.TransactionClient, request: AuditRequest): Promise<RecordedEntry> {
  return asCompany(tx, () => appended(tx, request));
}

async function appended(tx: Prisma.TransactionClient, request: AuditRequest): Promise<RecordedEntry> {
  const [locked] = await tx.$queryRaw<{ sequence: bigint; hash: string }[]>`
    SELECT "sequence", "hash" FROM "audit_chain" WHERE "id" = 1 FOR UPDATE`;
  if (!locked) throw new Error('the record of changes has no end: was the migration undone?');
  const atMs = Date.now();
  const entry: AuditEntry = {
    ...{ id: mintId('aud', atMs, randomBytes), sequence: locked.sequence + 1n, atMs },
    actor: { kind: request.actor.kind, id: kept(request.actor.id), name: kept(request.actor.name) },
    origin: {
      ip: keptOrNull(request.origin.ip),
      userAgent: keptOrNull(request.origin.userAgent),
      requestId: keptOrNull(request.origin.requestId),
    },
    action: kept(request.action),
    object: { kind: kept(request.object.kind), id: kept(request.object.id) },
    tenantId: request.tenantId,
    before: recordedJson(request.before),
    after: recordedJson(request.after),
  };
  const hash = auditLink(locked.hash, entry);
  const { actor, origin, object, action, tenantId, id, sequence } = entry;
  await tx.auditEntry.create({
    data: {
      ...{ id, sequence, at: new Date(atMs), action, tenantId, hash },
      ...{ actorKind: actor.kind, actorId: actor.id, actorName: actor.name },
      ...{ objectKind: object.kind, objectId: object.id, ...origin },
      before: storedJson(entry.before),
      after: storedJson(entry.after),
    },
  });
  await tx.auditChain.update({ where: { id: 1 }, data: { sequence, hash } });
  // Seen by `guarded`: this transaction may change something.
  await tx.$queryRaw`SELECT set_config('trunkline.recorded', 'yes', true)`;
  return { ...entry, hash };
}

/** Entries of the record, the newest first. */
export async function listAudit(
  db: Pick<Database, 'auditEntry'>,
  query: AuditQuery,
): Promise<readonly RecordedEntry[]> {
  const { objectKind, objectId, actorId, tenantIds, fromMs, toMs, before, limit } = query;
  const rows = await db.auditEntry.findMany({
    where: {
      ...(objectKind === undefined ? {} : { objectKind }),
      ...(objectId === undefined ? {} : { objectId }),
      ...(actorId === undefined ? {} : { actorId }),
      ...(tenantIds === undefined ? {} : { tenantId: { in: [...tenantIds] } }),
      ...(before === undefined ? {} : { sequence: { lt: before } }),
      at: {
        ...(fromMs === undefined ? {} : { gte: new Date(fromMs) }),
        ...(toMs === undefined ? {} : { lt: new Date(toMs) }),
      },
    },
    orderBy: { sequence: 'desc' },
    take: limit,
  });
  return rows.map(entryOf);
}

/** All of the record, oldest first, page by page. */
export async function* wholeAudit(db: Pick<Database, 'auditEntry'>): AsyncGenerator<readonly RecordedEntry[]> {
  for (let after = 0n; ;) {
    const where = { sequence: { gt: after } };
    const rows = await db.auditEntry.findMany({ where, orderBy: { sequence: 'asc' }, take: PAGE });
    const last = rows.at(-1);
    if (!last) return;
    after = last.sequence;
    yield rows.map(entryOf);
  }
}

/** Follows the chain of the whole record. What is recorded meanwhile is left to the next look. */
export async function verifyAudit(db: Database): Promise<Result<AuditHead, AuditBreak>> {
  const head = await db.auditChain.findUniqueOrThrow({ where: { id: 1 } });
  const walk = new AuditWalk();
  for await (const page of wholeAudit(db)) {
    for (const entry of page.filter(({ sequence }) => sequence <= head.sequence)) {
      const broken = walk.step(entry, entry.hash);
      if (broken) return err(broken);
    }
  }
  const broken = walk.end(head);
  return broken ? err(broken) : ok({ sequence: head.sequence, hash: head.hash });
}

type AuditRow = Awaited<ReturnType<Database['auditEntry']['findFirstOrThrow']>>;

function entryOf(row: AuditRow): RecordedEntry {
  return {
    ...{ id: row.id, sequence: row.sequence, atMs: row.at.getTime(), action: row.action, tenantId: row.tenantId },
    actor: { kind: z.enum(ACTORS).parse(row.actorKind), id: row.actorId, name: row.actorName },
    origin: { ip: row.ip, userAgent: row.userAgent, requestId: row.requestId },
    object: { kind: row.objectKind, id: row.objectId },
    ...{ before: json.parse(row.before), after: json.parse(row.after), hash: row.hash },
  };
}

// The column is never SQL's null: nothing there is the JSON null.
function storedJson(value: Json): Prisma.InputJsonValue | typeof Prisma.JsonNull {
  return value === null ? Prisma.JsonNull : value;
}

function kept(text: string): string {
  return storableText(text).slice(0, TEXT_MAX).toWellFormed();
}

function keptOrNull(text: string | null): string | null {
  return text === null ? null : kept(text);
}
