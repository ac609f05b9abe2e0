// Brings an installation to what a file says, in one transaction, by the steps that single commands use: all of it or nothing. A
// dry run does all of it and undoes it, so that it refuses what the real one would. Guarantees that a file applied twice changes
// nothing the second time, and that no secret is in what it answers but those of new keys.
import { within } from '@trunkline/tenancy/adapters/prisma';
import { applyAlerts } from './apply-alerts.js';
import { applyPools } from './apply-pools.js';
import type { ApplyRequest, ApplyRun } from './apply-run.js';
import { applyTenants } from './apply-tenants.js';

class Undone extends Error {}

// Thousands of rows; each step is some statements.
const APPLY_MS_MAX = 120_000;

/** Applies a file. @returns what was changed, or would be. @throws ConfigRefused; then nothing was changed */
export async function applyConfiguration(
  parts: Pick<ApplyRun, 'context' | 'policies'>,
  request: ApplyRequest,
): Promise<Pick<ApplyRun, 'changes' | 'secrets'>> {
  const { db } = parts.context;
  const done: Pick<ApplyRun, 'changes' | 'secrets'> = { changes: [], secrets: [] };
  const apply = db.$transaction(
    async (tx) => {
      // One at a time, or two files could each find nothing and make the same things.
      await tx.$queryRaw`SELECT pg_advisory_xact_lock(hashtextextended('trunkline apply', 0))::text`;
      const run = { ...parts, ...done, request, context: { ...parts.context, db: within(db, tx) } };
      await applyPools(run);
      await applyTenants(run);
      await applyAlerts(run, { owner: null, whose: 'company', path: ['alerts'], raw: request.raw.alerts });
      if (request.dryRun) throw new Undone();
      await request.keepSecrets(done.secrets);
    },
    { isolationLevel: 'ReadCommitted', timeout: APPLY_MS_MAX, maxWait: APPLY_MS_MAX },
  );
  await apply.catch((error: unknown) => {
    if (!(error instanceof Undone)) throw error;
  });
  return done;
}
