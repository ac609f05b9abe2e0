// Tells tenants' own services of findings, where their policies say `notify`. At least once: a worker that is killed in between
// tells again, by the same id. A service that is down is asked again with growing pauses, for a day; then what it did not
// take is given up, which stays on record. A notice that a service refuses holds up no other. Nobody waits for another's service: each tenant's notices go one after the other,
// in short turns, those of different tenants side by side (ADR 094).
import { setMaxListeners } from 'node:events';
import type { Clock, ModerationFindingId, TenantId } from '@trunkline/kernel';
import { openedSecret, type WebhookTarget } from '@trunkline/moderation';
import {
  dueActions,
  GIVEN_UP,
  giveUpNotices,
  noticesDue,
  recordAction,
  type DueAction,
  type NoticesDue,
} from '@trunkline/moderation/adapters/prisma';
import { sendNotice, type NoticeOutcome, type WebhookPoster } from '@trunkline/moderation/adapters/services';
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
// Whatever is older was told or given up, unless no worker was there: that is looked for at the start, and once an hour.
const USUAL_MS = 2 * GIVEN_UP_MS;
const LOOK_BACK_EVERY_MS = 3_600_000;
const ANSWER_MS_MAX = 5_000;
const PAUSE_MS_FIRST = 2_000;
const PAUSE_MS_MAX = 600_000;
// More tenants than are down at once; one that is forgotten is asked a little early.
const PAUSED_MAX = 10_000;
// Notices that are refused and wait; one that is forgotten is tried a little early.
const REFUSED_MAX = 1_000;
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
  private readonly refused = new Map<ModerationFindingId, Pause>();
  private lookedBackMs = -Infinity;
  /** At most `TURNS_MAX`. */
  private readonly turns = new Map<TenantId, Turn>();

  constructor(private readonly parts: NoticeParts) {}

  /** Begins to tell whoever can be told, and waits for nobody's service. @throws when the database is away. */
  async look(stopping: AbortSignal): Promise<void> {
    setMaxListeners(TURNS_MAX, stopping);
    const { db, clock } = this.parts;
    const nowMs = clock.nowMs();
    const except = [...this.turns.keys(), ...resting(this.paused, nowMs)];
    const usualMs = nowMs - USUAL_MS;
    const sinceMs = nowMs - this.lookedBackMs < LOOK_BACK_EVERY_MS ? usualMs : 0;
    this.lookedBackMs = sinceMs === 0 ? nowMs : this.lookedBackMs;
    for (const due of await noticesDue(db, { sinceMs, except })) {
      const isOld = due.oldest.getTime() < usualMs;
      if (isOld) this.lookBack();
      if (stopping.aborted || this.turns.size >= TURNS_MAX) return;
      const origin = due.target === null ? '' : new URL(due.target.url).origin;
      const there = [...this.turns.values()].filter((turn) => turn.origin === origin).length;
      if (there < TURNS_PER_ORIGIN_MAX) this.begin(due, { origin, isOld }, stopping);
    }
  }

  /** Resolves when every turn that was begun is over. */
  async settled(): Promise<void> {
    await Promise.all([...this.turns.values()].map(({ over }) => over));
  }

  /** Of what is so old there may be more than one turn's: the next look is for it, too. */
  private lookBack(): void {
    this.lookedBackMs = -Infinity;
  }

  private begin(
    due: NoticesDue,
    { origin, isOld }: { readonly origin: string; readonly isOld: boolean },
    stopping: AbortSignal,
  ): void {
    const over = this.turn(due, stopping)
      .catch((error: unknown) =>
        this.parts.log.warn({ event: 'notices_failed', err: error }, 'notices of findings could not be sent yet'),
      )
      .finally(() => {
        this.turns.delete(due.tenantId);
        if (isOld) this.lookBack();
      });
    this.turns.set(due.tenantId, { origin, over });
  }

  private async turn({ tenantId, target, oldest }: NoticesDue, stopping: AbortSignal): Promise<void> {
    const { db, clock } = this.parts;
    const beganMs = clock.monotonicMs();
    const except = resting(this.refused, clock.nowMs());
    const question = { sinceMs: oldest.getTime(), limit: TURN_NOTICES_MAX, tenantId, except };
    const refused: string[] = [];
    let isAnyTold = false;
    for (const finding of await dueActions(db, 'notify', question)) {
      if (stopping.aborted || clock.monotonicMs() - beganMs > TURN_MS_MAX) return;
      if (target === null) {
        await this.done(finding, 'nobody', 'its policy notifies nobody any more');
        continue;
      }
      const outcome = await this.send(finding, target, stopping);
      if (stopping.aborted && outcome.kind !== 'told') return;
      if (outcome.kind === 'failed') return this.failed(tenantId, outcome.why);
      if (outcome.kind === 'refused') {
        refused.push(outcome.why);
        await this.setAside(finding, outcome.why);
        continue;
      }
      isAnyTold = true;
      this.paused.delete(tenantId);
      this.refused.delete(finding.findingId);
      await this.done(finding, new URL(target.url).host, 'told');
    }
    // Who refuses everything is as good as away, and is not to be asked twenty times every two seconds. One notice is not
    // everything: it rests by itself, and what is found next is told at once.
    const [first] = refused;
    if (first !== undefined && refused.length > 1 && !isAnyTold) await this.failed(tenantId, first);
  }

  private async send(finding: DueAction, target: WebhookTarget, stopping: AbortSignal): Promise<NoticeOutcome> {
    const { clock, poster, openSecret } = this.parts;
    const secret = openedSecret(target.secret, (sealed) => openSecret(sealed, finding.tenantId));
    if (secret === null)
      return {
        kind: 'failed',
        why: 'its secret cannot be opened here: set TRUNKLINE_KEY_PEPPER to that of the gateways',
      };
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

  /** The service is there and does not take this one: it is tried again by itself, and the others go on. */
  private async setAside(finding: DueAction, problem: string): Promise<void> {
    const { findingId, tenantId, recordedAt } = finding;
    const { log, clock } = this.parts;
    const atMs = clock.nowMs();
    if (atMs - recordedAt.getTime() <= GIVEN_UP_MS) {
      rest(this.refused, findingId, { atMs, max: REFUSED_MAX });
      return;
    }
    this.refused.delete(findingId);
    await this.done(finding, GIVEN_UP, problem);
    const fields = { event: 'notices_given_up', tenant_id: tenantId, count: 1, reason: problem };
    log.error(fields, "a tenant's service refused a finding for a day: see `moderation notices`");
  }

  private pause(tenantId: TenantId, problem: string): void {
    const { log, clock } = this.parts;
    const { failures, forMs } = rest(this.paused, tenantId, { atMs: clock.nowMs(), max: PAUSED_MAX });
    const fields = { event: 'notice_failed', tenant_id: tenantId, count: failures, ms: forMs, reason: problem };
    log.warn(fields, "a tenant's service could not be told of a finding, and is told later");
  }
}

function resting<Id>(pauses: ReadonlyMap<Id, Pause>, nowMs: number): readonly Id[] {
  return [...pauses].flatMap(([id, { untilMs }]) => (nowMs < untilMs ? [id] : []));
}

/** One failure more: it rests twice as long as after the last. */
function rest<Id>(pauses: Map<Id, Pause>, id: Id, { atMs, max }: { readonly atMs: number; readonly max: number }) {
  const failures = (pauses.get(id)?.failures ?? 0) + 1;
  const forMs = Math.min(PAUSE_MS_MAX, PAUSE_MS_FIRST * 2 ** Math.min(failures - 1, 20));
  const oldest = pauses.keys().next();
  if (pauses.size >= max && !oldest.done) pauses.delete(oldest.value);
  pauses.set(id, { failures, untilMs: atMs + forMs });
  return { failures, forMs };
}
