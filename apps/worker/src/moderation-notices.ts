// Tells tenants' own services of findings, where their policies say `notify`. At least once: a worker that is killed in between
// tells again, by the same id. A service that is down is asked again with growing pauses, for a day; then what it did not
// take is given up, which stays on record. Nobody waits for another's service: each tenant's notices go one after the other,
// in short turns, those of different tenants side by side (ADR 094).
import { setMaxListeners } from 'node:events';
import type { Clock, TenantId } from '@trunkline/kernel';
import { openedSecret, type WebhookTarget } from '@trunkline/moderation';
import {
  dueActions,
  giveUpNotices,
  noticesDue,
  recordAction,
  type DueAction,
  type NoticesDue,
} from '@trunkline/moderation/adapters/prisma';
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

const LOOK_MS = 2_000;
const STOP_MS_MAX = 10_000;
const DAY_MS = 86_400_000;
const GIVEN_UP_MS = DAY_MS;
const ANSWER_MS_MAX = 5_000;
const PAUSE_MS_FIRST = 2_000;
const PAUSE_MS_MAX = 600_000;
// More tenants than are down at once; one that is forgotten is asked a little early.
const PAUSED_MAX = 10_000;
// A tenant's turn: so many, or so long, then the others whose notices are older have theirs.
const TURN_NOTICES_MAX = 20;
const TURN_MS_MAX = 10_000;
// Tenants that are told at once, and those whose services are behind one origin: many use the same integrator, and when that
// hangs it must not take every turn there is.
const TURNS_MAX = 100;
const TURNS_PER_ORIGIN_MAX = 10;

/** Sends until shutdown. */
export function startNotices(parts: NoticeParts, shutdown: Shutdown): void {
  const notices = new Notices(parts);
  const stopping = new AbortController();
  let looking: Promise<void> | null = null;
  const look = async (): Promise<void> => {
    try {
      await notices.look(stopping.signal);
    } catch (error) {
      parts.log.warn({ event: 'notices_failed', err: error }, 'notices of findings could not be sent yet');
    }
  };
  const timer = setInterval(() => void (looking ??= look().finally(() => (looking = null))), LOOK_MS).unref();
  shutdown.register('moderation notices', STOP_MS_MAX, async () => {
    clearInterval(timer);
    stopping.abort();
    await looking;
    await notices.settled();
  });
}

interface Pause {
  readonly failures: number;
  readonly untilMs: number;
}

interface Turn {
  readonly origin: string;
  readonly over: Promise<void>;
}

/** The notices of one worker. */
export class Notices {
  private readonly paused = new Map<TenantId, Pause>();
  /** At most `TURNS_MAX`. */
  private readonly turns = new Map<TenantId, Turn>();

  constructor(private readonly parts: NoticeParts) {}

  /** Begins to tell whoever can be told, and waits for nobody's service. @throws when the database is away. */
  async look(stopping: AbortSignal): Promise<void> {
    setMaxListeners(TURNS_MAX, stopping);
    const { db, clock } = this.parts;
    const nowMs = clock.nowMs();
    const resting = [...this.paused].flatMap(([tenantId, { untilMs }]) => (nowMs < untilMs ? [tenantId] : []));
    const except = [...this.turns.keys(), ...resting];
    for (const { tenantId, target } of await noticesDue(db, { sinceMs: this.sinceMs(), except })) {
      if (stopping.aborted || this.turns.size >= TURNS_MAX) return;
      const origin = target === null ? '' : new URL(target.url).origin;
      const there = [...this.turns.values()].filter((turn) => turn.origin === origin).length;
      if (there < TURNS_PER_ORIGIN_MAX) this.begin({ tenantId, target }, origin, stopping);
    }
  }

  /** Resolves when every turn that was begun is over. */
  async settled(): Promise<void> {
    await Promise.all([...this.turns.values()].map(({ over }) => over));
  }

  private sinceMs(): number {
    return this.parts.clock.nowMs() - 2 * GIVEN_UP_MS;
  }

  private begin(due: NoticesDue, origin: string, stopping: AbortSignal): void {
    const over = this.turn(due, stopping)
      .catch((error: unknown) =>
        this.parts.log.warn({ event: 'notices_failed', err: error }, 'notices of findings could not be sent yet'),
      )
      .finally(() => this.turns.delete(due.tenantId));
    this.turns.set(due.tenantId, { origin, over });
  }

  private async turn({ tenantId, target }: NoticesDue, stopping: AbortSignal): Promise<void> {
    const { db, clock } = this.parts;
    const beganMs = clock.monotonicMs();
    const question = { sinceMs: this.sinceMs(), limit: TURN_NOTICES_MAX, tenantId };
    for (const finding of await dueActions(db, 'notify', question)) {
      if (stopping.aborted || clock.monotonicMs() - beganMs > TURN_MS_MAX) return;
      if (target === null) {
        await this.done(finding, 'nobody', 'its policy notifies nobody any more');
        continue;
      }
      const problem = await this.send(finding, target, stopping);
      if (problem !== null) {
        if (!stopping.aborted) await this.failed(tenantId, problem);
        return;
      }
      this.paused.delete(tenantId);
      await this.done(finding, new URL(target.url).host, 'told');
    }
  }

  private async send(finding: DueAction, target: WebhookTarget, stopping: AbortSignal): Promise<string | null> {
    const { clock, poster, openSecret } = this.parts;
    const secret = openedSecret(target.secret, (sealed) => openSecret(sealed, finding.tenantId));
    if (secret === null) return 'its secret cannot be opened here: set TRUNKLINE_KEY_PEPPER to that of the gateways';
    // Not `AbortSignal.any`: Node 20 keeps what it returns for as long as the signals that it was made of.
    const late = new AbortController();
    const giveUp = (): void => late.abort();
    const timer = setTimeout(giveUp, ANSWER_MS_MAX);
    stopping.addEventListener('abort', giveUp, { once: true });
    const sender = { url: target.url, secret, poster, nowMs: clock.nowMs, signal: late.signal };
    return sendNotice(finding, sender).finally(() => {
      clearTimeout(timer);
      stopping.removeEventListener('abort', giveUp);
    });
  }

  private async done(
    { tenantId, findingId }: Pick<DueAction, 'tenantId' | 'findingId'>,
    subject: string,
    outcome: string,
  ): Promise<void> {
    const { db, clock } = this.parts;
    await recordAction(db, { tenantId, findingId, action: 'notify', subject, outcome, atMs: clock.nowMs() });
  }

  /** The service just failed, so what waits for it for too long has been tried for long enough. */
  private async failed(tenantId: TenantId, problem: string): Promise<void> {
    const { db, log, clock } = this.parts;
    this.pause(tenantId, problem);
    const atMs = clock.nowMs();
    const count = await giveUpNotices(db, tenantId, { beforeMs: atMs - GIVEN_UP_MS, why: problem, atMs });
    const fields = { event: 'notices_given_up', tenant_id: tenantId, count, reason: problem };
    if (count > 0) log.error(fields, "a tenant's service was not told of findings for a day: see `moderation notices`");
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
