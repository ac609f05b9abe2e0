// Tells tenants' own services of findings, where their policies say `notify`. At least once: a worker that is killed in between
// tells again, by the same id. A service that is down is asked again with growing pauses, for a day, and holds up nobody
// else's: each tenant's notices go one after the other, those of different tenants side by side.
import type { Clock, TenantId } from '@trunkline/kernel';
import { openedSecret } from '@trunkline/moderation';
import { dueActions, notifyTargetOf, recordAction, type DueAction } from '@trunkline/moderation/adapters/prisma';
import { sendNotice, type WebhookPoster } from '@trunkline/moderation/adapters/services';
import type { Database } from '@trunkline/platform/database';
import type { Log } from '@trunkline/platform/logging';
import type { Shutdown } from '@trunkline/platform/shutdown';

/** What notices are sent with. */
export interface NoticeParts {
  readonly db: Database;
  readonly log: Log;
  readonly clock: Clock;
  readonly poster: WebhookPoster;
  /** Opens a secret that was sealed for an owner; null when it was not. */
  readonly openSecret: (sealed: string, owner: string) => string | null;
}

const PASS_MS = 2_000;
const STOP_MS_MAX = 10_000;
const DAY_MS = 86_400_000;
const GIVEN_UP_MS = DAY_MS;
const TAKEN_AT_ONCE = 200;
const ANSWER_MS_MAX = 5_000;
const PAUSE_MS_FIRST = 2_000;
const PAUSE_MS_MAX = 600_000;
// More tenants than are down at once; one that is forgotten is asked a little early.
const PAUSED_MAX = 10_000;

/** Sends until shutdown. */
export function startNotices(parts: NoticeParts, shutdown: Shutdown): void {
  const notices = new Notices(parts);
  const stopping = new AbortController();
  let passing: Promise<void> | null = null;
  const pass = async (): Promise<void> => {
    try {
      await notices.pass(stopping.signal);
    } catch (error) {
      parts.log.warn({ event: 'notices_failed', err: error }, 'notices of findings could not be sent yet');
    }
  };
  const timer = setInterval(() => void (passing ??= pass().finally(() => (passing = null))), PASS_MS).unref();
  shutdown.register('moderation notices', STOP_MS_MAX, async () => {
    clearInterval(timer);
    stopping.abort();
    await passing;
  });
}

interface Pause {
  readonly failures: number;
  readonly untilMs: number;
}

/** The notices of one worker. */
export class Notices {
  private readonly paused = new Map<TenantId, Pause>();

  constructor(private readonly parts: NoticeParts) {}

  /** Sends what is due. @throws when the database is away. */
  async pass(stopping: AbortSignal): Promise<void> {
    const { db, clock } = this.parts;
    const sinceMs = clock.nowMs() - 2 * GIVEN_UP_MS;
    const due = await dueActions(db, 'notify', { sinceMs, limit: TAKEN_AT_ONCE });
    const byTenant = new Map<TenantId, DueAction[]>();
    for (const each of due) byTenant.set(each.tenantId, [...(byTenant.get(each.tenantId) ?? []), each]);
    await Promise.all([...byTenant].map(([tenantId, findings]) => this.tell(tenantId, findings, stopping)));
  }

  private async tell(tenantId: TenantId, findings: readonly DueAction[], stopping: AbortSignal): Promise<void> {
    const { clock } = this.parts;
    const pause = this.paused.get(tenantId);
    if (pause !== undefined && clock.nowMs() < pause.untilMs) return;
    for (const finding of findings) {
      if (stopping.aborted) return;
      const problem = await this.send(finding, stopping);
      if (problem === null) this.paused.delete(tenantId);
      else if (clock.nowMs() - finding.recordedAt.getTime() > GIVEN_UP_MS)
        await this.done(finding, 'given up', problem);
      else return this.pause(tenantId, problem);
    }
  }

  private async send(finding: DueAction, stopping: AbortSignal): Promise<string | null> {
    const { db, clock, poster, openSecret } = this.parts;
    const target = await notifyTargetOf(db, finding.tenantId);
    if (target === null) {
      await this.done(finding, 'nobody', 'its policy notifies nobody any more');
      return null;
    }
    const { url } = target;
    const secret = openedSecret(target.secret, (sealed) => openSecret(sealed, finding.tenantId));
    if (secret === null) return 'its secret cannot be opened here: set TRUNKLINE_KEY_PEPPER to that of the gateways';
    // Not `AbortSignal.any`: Node 20 keeps what it returns for as long as the signals that it was made of.
    const late = new AbortController();
    const giveUp = (): void => late.abort();
    const timer = setTimeout(giveUp, ANSWER_MS_MAX);
    stopping.addEventListener('abort', giveUp, { once: true });
    const sending = sendNotice(finding, { url, secret, poster, nowMs: clock.nowMs, signal: late.signal });
    const problem = await sending.finally(() => {
      clearTimeout(timer);
      stopping.removeEventListener('abort', giveUp);
    });
    if (problem === null) await this.done(finding, new URL(url).host, 'told');
    return problem;
  }

  private async done(
    { tenantId, findingId }: Pick<DueAction, 'tenantId' | 'findingId'>,
    subject: string,
    outcome: string,
  ): Promise<void> {
    const { db, clock } = this.parts;
    await recordAction(db, { tenantId, findingId, action: 'notify', subject, outcome, atMs: clock.nowMs() });
  }

  private pause(tenantId: TenantId, problem: string): void {
    const { log, clock } = this.parts;
    const failures = (this.paused.get(tenantId)?.failures ?? 0) + 1;
    const forMs = Math.min(PAUSE_MS_MAX, PAUSE_MS_FIRST * 2 ** Math.min(failures - 1, 20));
    const oldest = this.paused.keys().next();
    if (this.paused.size >= PAUSED_MAX && !oldest.done) this.paused.delete(oldest.value);
    this.paused.set(tenantId, { failures, untilMs: clock.nowMs() + forMs });
    const fields = { event: 'notice_failed', tenant_id: tenantId, count: failures, ms: forMs, reason: problem };
    log.warn(fields, "a tenant's service could not be told of a finding, and is told later");
  }
}
