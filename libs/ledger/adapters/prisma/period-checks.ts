// What others say of a month: reconciliation its finding, a person what they answer for. Rows are only added; the newest of
// (tenant, month, check) counts.
import { err, ok, type Result, type TenantId } from '@trunkline/kernel';
import {
  becauseProblem,
  checklistOf,
  PERIOD_CHECKS,
  type Because,
  type Period,
  type PeriodCheckName,
} from '@trunkline/ledger';
import type { Database, Queryable } from '@trunkline/platform/database';
import { holdCompany, loadCompany } from './company.js';
import { closeFactsOf } from './period-facts.js';

/** A finding about a month of a tenant, or of all tenants (null). */
export interface PeriodFinding {
  readonly tenantId: TenantId | null;
  readonly period: Period;
  readonly check: PeriodCheckName;
  readonly state: 'ok' | 'waived' | 'missing';
  /** How many differences, events or sessions it is about; null where that is no number. */
  readonly count?: number | null;
  readonly actor: string;
  /** What was found, or why it is waived. */
  readonly reason: string;
}

/** Records a finding: what reconciliation calls. */
export async function recordPeriodCheck(db: Queryable, finding: PeriodFinding): Promise<void> {
  const { tenantId, period, check, state, count = null, actor, reason } = finding;
  await db.$executeRaw`
    INSERT INTO period_check (tenant_id, period, check_name, state, count, actor, reason)
    VALUES (${tenantId}, ${period}, ${check}, ${state}, ${count}, ${actor}, ${reason})`;
}

/** Why a check was not waived; `isWell`: nothing stands in its way, so that nobody has to answer for it. */
export interface WaiverRefused {
  readonly isWell: boolean;
  readonly message: string;
}

/** Waives what stands in the way of a check now. @returns how many it covers (1 where it is no number), or why not. */
export async function waiveCheck(
  db: Database,
  waiver: {
    readonly tenantId: TenantId;
    readonly period: Period;
    readonly check: PeriodCheckName;
    readonly because: Because;
  },
): Promise<Result<{ readonly covered: number }, WaiverRefused>> {
  const { tenantId, period, check, because } = waiver;
  const problem = becauseProblem(because);
  if (problem !== null) return err({ isWell: false, message: problem });
  if (!PERIOD_CHECKS[check].waivable)
    return err({ isWell: false, message: `"${PERIOD_CHECKS[check].says}" cannot be waived: it has to be so.` });
  return db.$transaction(async (tx) => {
    const context = { ...(await holdCompany(tx)), graceDays: (await loadCompany(tx)).graceDays };
    const facts = await closeFactsOf(tx, { tenantId, period }, context);
    const found = checklistOf({ ...facts, chainBreak: null }).find((each) => each.check === check);
    if (found === undefined || found.state === 'ok')
      return err({ isWell: true, message: `Nothing to waive: of ${period}, ${PERIOD_CHECKS[check].says}.` });
    await recordPeriodCheck(tx, { tenantId, period, check, state: 'waived', count: found.count, ...because });
    return ok({ covered: found.count ?? 1 });
  });
}
