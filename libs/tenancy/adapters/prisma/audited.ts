// Databases on which nothing changes without the record. `audited` hands services that know nothing of the record a database
// whose transactions record themselves; a write outside of a transaction is made one. `guarded` is for whoever has not said yet
// what they change: it reads, and a write that nobody recorded is undone and an error. Whether a transaction wrote is asked of
// PostgreSQL, not of the code: nothing can be forgotten. What changed, before and after, is noted by triggers (`note_change`).
import type { Database } from '@trunkline/platform/database';
import { z } from 'zod';
import { changeOf, changedTenant, type AuditRequest, type NotedRow } from '../../index.js';
import { recordAudit } from './audit.js';
import { viewOf, type Call, type Tx } from './database-view.js';

/** What is known of a change before it is made. The object's id and tenant, where not known yet, are taken from what changed. */
export interface AuditedChange extends Omit<AuditRequest, 'object' | 'before' | 'after'> {
  readonly object: { readonly kind: string; readonly id: string | null };
  /** What was asked for; what came of it is recorded beside it. */
  readonly asked: unknown;
  /** The outcome is more than the record should hold, such as what somebody said. */
  readonly withoutResult?: boolean;
}

const refused = z.looseObject({ ok: z.literal(false) });
const answered = z.looseObject({ ok: z.literal(true), value: z.unknown() });
const withId = z.looseObject({ id: z.string() });
const withChange = z.looseObject({ change: withId });

/**
 * A view of a database of which each transaction that changes something ends with an entry of the record. A refusal does not,
 * unless it changed something all the same.
 */
export function audited(db: Database, change: AuditedChange): Database {
  const raw = unguarded(db);
  return viewOf(
    raw,
    (work, options) =>
      raw.$transaction(async (tx) => {
        await tx.$queryRaw`
        SELECT set_config('trunkline.recording', 'on', true), set_config('trunkline.changes', '', true)`;
        const outcome = await work(tx);
        const { wrote, rows, isAll } = await writtenBy(tx);
        const isRecorded = rows.length > 0 || (wrote && !refused.safeParse(outcome).success);
        if (isRecorded) await recordAudit(tx, entryOf(change, outcome, { rows, isAll }));
        return outcome;
      }, options),
    writes,
  );
}

/** A view of a database that only reads; a transaction may change something if it calls `recordAudit` itself. */
export function guarded(db: Database): Database {
  const raw = unguarded(db);
  const view = viewOf(
    raw,
    (work, options) =>
      raw.$transaction(async (tx) => {
        const outcome = await work(tx);
        const { wrote, isRecorded } = await writtenBy(tx);
        if (wrote && !isRecorded) throw new Error('a change without the record: make it on what `audited` returns');
        return outcome;
      }, options),
    writes,
  );
  return new Proxy(view, {
    get: (target, name): unknown => (name === RAW ? raw : Reflect.get(target, name, target)),
  });
}

/** The database behind a guarded one, for what is no change: when a token was last used, say. */
export function unguarded(db: Database): Database {
  const raw: unknown = Reflect.get(db, RAW);
  return isDatabase(raw) ? raw : db;
}

const RAW = Symbol('the database behind a guarded one');

function isDatabase(value: unknown): value is Database {
  return typeof value === 'object' && value !== null && '$transaction' in value;
}

const MODEL_WRITES = /^(create|update|upsert|delete)/;
const RAW_WRITES = /^\$executeRaw/;
const WRITING = /\b(insert|update|delete|merge)\b/i;

// Reads go straight to the database below.
function writes({ path: [first, method], given }: Call): boolean {
  if (method !== undefined) return MODEL_WRITES.test(method);
  return RAW_WRITES.test(first) || WRITING.test(textOf(given[0]));
}

// A tagged template's strings, a composed statement, or text.
function textOf(statement: unknown): string {
  if (Array.isArray(statement)) return statement.join('?');
  const sql: unknown =
    typeof statement === 'object' && statement !== null ? Reflect.get(statement, 'sql', statement) : statement;
  return typeof sql === 'string' ? sql : '';
}

const notedRow = z.object({
  table: z.string(),
  id: z.string().nullable(),
  tenant: z.string().nullable(),
  before: z.json().default(null),
  after: z.json().default(null),
});
// As `note_change` bounds it.
const NOTED_CHARS_MAX = 16_000;

async function writtenBy(tx: Tx) {
  const [written] = await tx.$queryRaw<{ wrote: boolean; changes: string | null; recorded: string | null }[]>`
    SELECT pg_current_xact_id_if_assigned() IS NOT NULL AS "wrote",
           current_setting('trunkline.changes', true) AS "changes",
           current_setting('trunkline.recorded', true) AS "recorded"`;
  const changes = written?.changes ?? '';
  const lines = changes.split('\n').filter((line) => line !== '');
  return {
    wrote: written?.wrote === true,
    isRecorded: written?.recorded === 'yes',
    rows: lines.map((line): NotedRow => notedRow.parse(JSON.parse(line))),
    isAll: changes.length <= NOTED_CHARS_MAX,
  };
}

function entryOf(
  { object, asked, tenantId, withoutResult = false, ...rest }: AuditedChange,
  outcome: unknown,
  noted: { readonly rows: readonly NotedRow[]; readonly isAll: boolean },
): AuditRequest {
  const result = answered.safeParse(outcome).data?.value ?? outcome;
  const made = withId.safeParse(result).data ?? withChange.safeParse(result).data?.change;
  const { before, after } = changeOf(noted.rows, noted.isAll);
  return {
    ...rest,
    object: { kind: object.kind, id: object.id ?? made?.id ?? noted.rows[0]?.id ?? 'none' },
    tenantId: tenantId ?? changedTenant(noted.rows),
    before,
    after: { asked, ...(withoutResult ? {} : { result }), ...after },
  };
}
