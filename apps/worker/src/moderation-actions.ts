// What follows from findings without a person and concerns every gateway: keys that a policy wants suspended, end users who
// have as many strikes as it allows. Every two seconds; a pass that fails is made again. Each change is done by tenancy, so that every
// gateway hears of it as of any change of policy, and kept with the finding that caused it.
import type { Clock } from '@trunkline/kernel';
import {
  dueActions,
  recordAction,
  strikePolicies,
  strikesDue,
  type DoneAction,
} from '@trunkline/moderation/adapters/prisma';
import type { Database } from '@trunkline/platform/database';
import type { Log } from '@trunkline/platform/logging';
import type { Shutdown } from '@trunkline/platform/shutdown';
import { refuseEndUser, suspendKey } from '@trunkline/tenancy/adapters/prisma';

const PASS_MS = 2_000;
const STOP_MS_MAX = 5_000;
const DAY_MS = 86_400_000;
// A spool that was away longer than this brings findings that somebody has dealt with.
const DUE_DAYS = 7;
const TAKEN_AT_ONCE = 100;
// Strikes count when a new one is recorded. For a worker that was away, a day's are new.
const NEW_FOR_MS = DAY_MS;

/** What the pass works with. */
export interface ModerationActionsParts {
  readonly db: Database;
  readonly log: Log;
  readonly clock: Clock;
}

/** Makes passes until shutdown. */
export function startModerationActions(parts: ModerationActionsParts, shutdown: Shutdown): void {
  let passing: Promise<void> | null = null;
  const pass = async (): Promise<void> => {
    try {
      await actOnFindings(parts);
    } catch (error) {
      parts.log.warn({ event: 'moderation_actions_failed', err: error }, 'findings could not be acted on yet');
    }
  };
  const timer = setInterval(() => void (passing ??= pass().finally(() => (passing = null))), PASS_MS).unref();
  shutdown.register('moderation actions', STOP_MS_MAX, async () => {
    clearInterval(timer);
    await passing;
  });
}

/** One pass. @throws when the database is away. */
export async function actOnFindings(parts: ModerationActionsParts): Promise<void> {
  await suspendKeys(parts);
  await countStrikes(parts);
}

async function suspendKeys(parts: ModerationActionsParts): Promise<void> {
  const { db, clock } = parts;
  const sinceMs = clock.nowMs() - DUE_DAYS * DAY_MS;
  for (const { findingId, tenantId, keyId } of await dueActions(db, 'suspend_key', { sinceMs, limit: TAKEN_AT_ONCE })) {
    const suspended = await suspendKey({ db, clock }, tenantId, keyId);
    const outcome = suspended.ok ? suspended.value.status : suspended.error.code;
    await done(parts, { tenantId, findingId, action: 'suspend_key', subject: keyId, outcome });
  }
}

async function countStrikes(parts: ModerationActionsParts): Promise<void> {
  const { db, clock } = parts;
  for (const { tenantId, strikes: rule } of await strikePolicies(db)) {
    const { count, days, refuseDays } = rule;
    const nowMs = clock.nowMs();
    const question = { count, sinceMs: nowMs - days * DAY_MS, newSinceMs: nowMs - NEW_FOR_MS };
    const due = await strikesDue(db, tenantId, question);
    for (const { endUser, strikes, lastFindingId } of due) {
      const reason = `${strikes} strikes in ${days} days`;
      await refuseEndUser({ db }, tenantId, { endUser, untilMs: nowMs + refuseDays * DAY_MS, reason });
      await done(parts, {
        tenantId,
        findingId: lastFindingId,
        action: 'refuse_end_user',
        subject: endUser,
        outcome: reason,
      });
    }
  }
}

async function done({ db, log, clock }: ModerationActionsParts, action: Omit<DoneAction, 'atMs'>): Promise<void> {
  if (!(await recordAction(db, { ...action, atMs: clock.nowMs() }))) return;
  const fields = {
    event: 'moderation_action',
    tenant_id: action.tenantId,
    name: action.action,
    detail: action.subject,
  };
  log.warn({ ...fields, outcome: action.outcome }, 'a moderation policy acted by itself');
}
