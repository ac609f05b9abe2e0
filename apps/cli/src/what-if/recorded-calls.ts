// The calls of the last days as the session table has them. They are those that were let in: who was refused left no row,
// so a replay under a larger cap shows too few calls, and says so (`question.ts`).
import type { Arrival } from '@trunkline/admission';
import { recordedSessionsOfAllTenants, type RecordedSession } from '@trunkline/metering/adapters/prisma';
import type { PoolId } from '@trunkline/kernel';
import type { Database } from '@trunkline/platform/database';
import { modelFamily } from '@trunkline/providers/adapters/openai';

/** A call that asks for a line. How long it would wait for it, a configuration says. */
export type Call = Omit<Arrival, 'waitMs'>;

/** Which calls: those of a pool let in from (inclusive) to (exclusive), Unix milliseconds. */
export interface RecordedTerms {
  readonly poolId: PoolId;
  readonly fromMs: number;
  readonly toMs: number;
}

/** A replay holds them all: some hundred megabytes. */
export const CALLS_MAX = 500_000;
// What is still open, or whose gateway was killed, has no length. OpenAI ends a session after 60 minutes.
const DURATION_MS_MAX = 60 * 60_000;

/** The calls by when they asked, and whether there were more than are replayed. */
export async function recordedCalls(
  db: Pick<Database, '$queryRaw'>,
  terms: RecordedTerms,
): Promise<{ readonly calls: readonly Call[]; readonly isCut: boolean }> {
  const { sessions, isCut } = await recordedSessionsOfAllTenants(db, { ...terms, sessionsMax: CALLS_MAX });
  return { calls: sessions.map((session) => callOf(session, terms.toMs)), isCut };
}

function callOf({ tenantId, keyId, model, askedAtMs, durationMs }: RecordedSession, toMs: number): Call {
  const openMs = Math.min(DURATION_MS_MAX, toMs - askedAtMs);
  return { tenantId, keyId, family: modelFamily(model), atMs: askedAtMs, lastsMs: durationMs ?? openMs };
}
