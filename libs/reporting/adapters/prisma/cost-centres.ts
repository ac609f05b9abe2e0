// Services on cost centres: plain functions, shared by the command line and the HTTP API. Assignments are only added, so
// that one can always see who said what when.
import { err, ok, trustedId, type ApiKeyId, type Result, type TenantId } from '@trunkline/kernel';
import type { Period } from '@trunkline/ledger';
import type { Database, Queryable } from '@trunkline/platform/database';
import { z } from 'zod';
import { AssignmentInput, CostCentreInput, type CostCentre, type CostCentreAssignment } from '../../index.js';

/** Why a request was not carried out. Nothing was changed. */
export interface ReportingRefusal {
  readonly code: 'invalid_input' | 'not_found' | 'does_not_hold';
  /** Says what to do. */
  readonly message: string;
}

/** The outcome of a request. */
export type Reported<T> = Promise<Result<T, ReportingRefusal>>;

/** An assignment as it was said, and by whom. */
export interface AssignmentRecord extends CostCentreAssignment {
  readonly actor: string;
  readonly assignedAtMs: number;
}

/** Makes a cost centre, or changes the one with this code. Papers of closed months keep the name that the close found. */
export async function saveCostCentre(
  db: Pick<Database, 'costCentre'>,
  request: z.input<typeof CostCentreInput>,
): Reported<CostCentre> {
  const input = checked(CostCentreInput, request);
  if (!input.ok) return input;
  const { code, ...rest } = input.value;
  const data = { ...rest, updatedAt: new Date() };
  await db.costCentre.upsert({ where: { code }, create: { code, ...data }, update: data });
  return ok(input.value);
}

const MONTH_CHARS = '2026-11'.length;
const COLUMNS = { code: true, name: true, owner: true, glAccount: true } as const;

/** All cost centres, by code. */
export async function listCostCentres(db: Database): Promise<readonly CostCentre[]> {
  return db.costCentre.findMany({ select: COLUMNS, orderBy: { code: 'asc' } });
}

/** Those that there were when a month closed, as they were called then. */
export async function costCentresOfClosed(db: Database, period: Period): Promise<readonly CostCentre[]> {
  return db.periodCostCentre.findMany({ where: { period }, select: COLUMNS, orderBy: { code: 'asc' } });
}

/** Who an assignment is about. */
export interface Assignee {
  readonly tenantId: TenantId;
  /** Null: the whole tenant. */
  readonly keyId: ApiKeyId | null;
}

const periodRow = z.object({ period: z.string(), status: z.string() });

/**
 * From a day on, the charges of a tenant or of one of its keys belong to a cost centre (`code` null: to none). A day in a
 * month that is closed is refused: what was reported stays. In the caller's transaction, which holds the months from that day
 * on: a close of one of them finds the assignment, or is seen here.
 */
export async function assignCostCentre(
  tx: Queryable & Pick<Database, 'costCentre' | 'costCentreAssignment'>,
  { tenantId, keyId }: Assignee,
  request: z.input<typeof AssignmentInput>,
  actor: string,
): Reported<CostCentreAssignment> {
  const input = checked(AssignmentInput, request);
  if (!input.ok) return input;
  const { code, effectiveFrom } = input.value;
  const months = await tx.$queryRaw`
    SELECT period, status FROM accounting_period
     WHERE tenant_id = ${tenantId} AND period >= ${effectiveFrom.slice(0, MONTH_CHARS)} ORDER BY period FOR SHARE`;
  const closed = z
    .array(periodRow)
    .parse(months)
    .findLast(({ status }) => status === 'closed');
  if (closed !== undefined)
    return err({
      code: 'does_not_hold',
      message: `${closed.period} is closed for this tenant, and its reports stay as they are: assign from a day after it.`,
    });
  if (code !== null && !(await tx.costCentre.findUnique({ where: { code } })))
    return err({ code: 'not_found', message: `There is no cost centre "${code}": make it first (cost-centre set).` });
  const day = new Date(`${effectiveFrom}T00:00:00Z`);
  await tx.costCentreAssignment.create({ data: { tenantId, keyId, code, effectiveFrom: day, actor } });
  return ok({ tenantId, keyId, code, effectiveFrom });
}

/** All assignments of a tenant in the order in which they count. */
export async function assignmentsOfTenant(db: Database, tenantId: TenantId): Promise<readonly AssignmentRecord[]> {
  const rows = await db.costCentreAssignment.findMany({
    where: { tenantId },
    orderBy: [{ effectiveFrom: 'asc' }, { id: 'asc' }],
  });
  return rows.map((row) => ({
    tenantId,
    keyId: row.keyId === null ? null : trustedId('key', row.keyId),
    code: row.code,
    effectiveFrom: row.effectiveFrom.toISOString().slice(0, 10),
    actor: row.actor,
    assignedAtMs: row.assignedAt.getTime(),
  }));
}

function checked<Schema extends z.ZodType>(
  schema: Schema,
  input: z.input<Schema>,
): Result<z.output<Schema>, ReportingRefusal> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return ok(parsed.data);
  const message = `${parsed.error.issues.map((issue) => issue.message).join('; ')}.`;
  return err({ code: 'invalid_input', message });
}
