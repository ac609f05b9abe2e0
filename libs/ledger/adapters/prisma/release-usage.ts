// Releases usage that was parked for its date: at its word, or at the date that a person says. The fact stays as it was
// journalled; what is said of it is a row of its own, with who and why.
import { err, ok, type Result } from '@trunkline/kernel';
import { becauseProblem, type Because } from '@trunkline/ledger';
import { instantText, numberText, type Database, type Queryable } from '@trunkline/platform/database';
import { z } from 'zod';

/** What a person says of usage with a date that cannot be. */
export interface UsageRelease {
  readonly usageEventId: string;
  /** When it occurred in truth, Unix milliseconds; null: when it says. */
  readonly occurredAtMs: number | null;
  readonly because: Because;
}

const foundRow = z.object({ state: z.string(), problem: z.string().nullable() });
const standingRow = z.object({ actor: z.string(), reason: z.string(), atMs: numberText.nullable() });

/**
 * Releases it; the next pass rates it. What was said of it once stands: the same again puts it back into the queue where
 * it is parked all the same, another date is refused. @returns why not, if it cannot be.
 */
export async function releaseUsage(
  db: Database,
  release: UsageRelease,
): Promise<Result<null, { readonly message: string }>> {
  const { usageEventId: id, occurredAtMs, because } = release;
  const problem = becauseProblem(because);
  if (problem !== null) return err({ message: problem });
  if (occurredAtMs !== null && Number.isNaN(occurredAtMs))
    return err({ message: 'The date must be ISO 8601, such as 2026-11-30T23:59:00Z.' });
  const at = occurredAtMs === null ? null : instantText(occurredAtMs);
  return db.$transaction(async (tx) => {
    const rows = await tx.$queryRaw`
      SELECT rating_state AS state, problem FROM usage_event WHERE id = ${id} FOR UPDATE`;
    const [found] = z.array(foundRow).parse(rows);
    if (found === undefined) return err({ message: `${id} is not in the journal: see \`costs --unrated\`.` });
    if (found.state !== 'parked' || found.problem !== 'implausible_time')
      return err({
        message: `${id} is not parked for its date: it is ${found.state} (${found.problem ?? 'no problem'}).`,
      });
    const stands = await releaseOf(tx, id);
    if (stands !== null && stands.atMs !== occurredAtMs) return err({ message: alreadySaid(id, stands) });
    if (stands === null)
      await tx.$executeRaw`
      INSERT INTO usage_release (usage_event_id, occurred_at, actor, reason)
      VALUES (${id}, ${at}::timestamptz, ${because.actor}, ${because.reason})`;
    await tx.$executeRaw`UPDATE usage_event SET rating_state = 'pending', problem = NULL WHERE id = ${id}`;
    return ok(null);
  });
}

type Standing = z.infer<typeof standingRow>;

async function releaseOf(tx: Queryable, id: string): Promise<Standing | null> {
  const rows = await tx.$queryRaw`
    SELECT actor, reason, (extract(epoch FROM occurred_at) * 1000)::bigint::text AS "atMs"
      FROM usage_release WHERE usage_event_id = ${id}`;
  return z.array(standingRow).parse(rows)[0] ?? null;
}

function alreadySaid(id: string, { actor, reason, atMs }: Standing): string {
  const date = atMs === null ? 'at its own date' : `at ${instantText(atMs)}`;
  return `${id} was released ${date} by ${actor} (${reason}), and that stands: release it ${date} to rate it.`;
}
