// Steps of closing a month that were refused, noted in the database: the API and the command line are processes of their own,
// and the worker's metrics count both. Written after the transaction that refused, which leaves nothing behind itself.
import { storableText, type Result, type TenantId } from '@trunkline/kernel';
import type { Period } from '@trunkline/ledger';
import { numberText, type Queryable } from '@trunkline/platform/database';
import { z } from 'zod';

/** What may be refused. */
export const CLOSE_STEPS = ['soft_close', 'ask', 'approve', 'single_person'] as const;
export type CloseStep = (typeof CLOSE_STEPS)[number];

/** Who tried what. */
export interface AttemptedStep {
  readonly tenantId: TenantId;
  readonly period: Period;
  readonly actor: string;
  readonly step: CloseStep;
}

// What was refused may be any text at all; the note of it is for people.
const TEXT_CHARS_MAX = 2_000;

/** Passes an outcome on; notes it where it is a refusal, with as much of its texts as can be kept. */
export async function noteIfRefused<Outcome extends Result<unknown, { readonly message: string }>>(
  db: Queryable,
  { tenantId, period, actor, step }: AttemptedStep,
  outcome: Outcome,
): Promise<Outcome> {
  if (!outcome.ok)
    await db.$executeRaw`
      INSERT INTO period_close_refusal (tenant_id, period, step, actor, reason)
      VALUES (${tenantId}, ${period}, ${step}, ${noted(actor)}, ${noted(outcome.error.message)})`;
  return outcome;
}

function noted(text: string): string {
  return storableText(text.slice(0, TEXT_CHARS_MAX));
}

const countRow = z.object({ step: z.enum(CLOSE_STEPS), count: numberText });

/** How often each step was refused, ever. */
export async function countRefusedCloses(db: Queryable): Promise<ReadonlyMap<CloseStep, number>> {
  const rows = await db.$queryRaw`SELECT step, count(*)::text AS count FROM period_close_refusal GROUP BY 1`;
  return new Map(
    z
      .array(countRow)
      .parse(rows)
      .map(({ step, count }) => [step, count]),
  );
}
