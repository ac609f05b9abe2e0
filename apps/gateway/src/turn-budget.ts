// The budget of one session: reserves as a turn is asked for or begins, settles as it is reported, and acts when a limit is
// reached. A turn that a client asks for is reserved before the vendor reads the question; one that the vendor begins by
// itself (it hears that somebody stopped speaking) has begun when we learn of it, and is cancelled then.
import { addAmounts, ZERO, type AmountPico, type SessionId, type TenantId } from '@trunkline/kernel';
import {
  crossedMarks,
  FIRST_TURN_ESTIMATE,
  isLimited,
  UNPRICED_TRANSCRIPTION,
  type BudgetStanding,
  type Threshold,
} from '@trunkline/admission';
import { tokensOf, type UsageEvent } from '@trunkline/metering';
import type { EndCause } from '@trunkline/realtime';
import type { OverBudget, TenantLimits } from '@trunkline/tenancy';
import { turnBlockedEvent, turnsEndingEvent, type TurnDenial } from './budget-words.js';
import { TurnHolds, type HoldParts, type Turn } from './turn-holds.js';

/** The session as its budget sees it. */
export interface BudgetedSession {
  readonly id: SessionId;
  readonly tenantId: TenantId;
  /** Reports of use that are still to come. */
  readonly reportsOwed: () => number;
  readonly end: (cause: Extract<EndCause, 'budget_exceeded' | 'turns_denied'>) => void;
  readonly sendClient: (text: string) => void;
  readonly cancelTurn: (turnId: string) => void;
}

/** What a budget reads of a usage event. */
export type MeteredUse = Pick<UsageEvent, 'id' | 'kind' | 'vendorObjectId' | 'quantities'>;

/** Where a turn was stopped: before the vendor read anything, or when it had begun. */
export type BlockedWhen = 'before' | 'begun';

/** What all sessions of a process share. */
export interface TenantBudget extends HoldParts {
  /** As the policy says now; null: the tenant is gone. */
  readonly limits: () => TenantLimits | null;
  /** What of the tenant's is used up, as last heard. */
  readonly spent: () => TurnDenial | null;
  /** Null while the store is away, and without limits to count for: then the turn goes on. */
  readonly reserve: HoldParts['reserve'];
  /** Counts; whoever of the tenant has to stop hears of it. */
  readonly settle: (turnId: string, amount: AmountPico, tokens: number) => void;
  readonly crossed: (percent: Threshold) => void;
  readonly blocked: (denial: TurnDenial, when: BlockedWhen) => void;
  /** A turn that was blocked when it had begun was reported: it cost so much all the same. */
  readonly blockedCost: (amount: AmountPico) => void;
  /** The first of an answer and so many milliseconds, which is null. */
  readonly within: <T>(answer: Promise<T>, ms: number) => Promise<T | null>;
  /** Runs the work when what is under way in this turn of the event loop is done, forwarding included. */
  readonly defer: (work: () => void) => void;
}

/** Also what a client sends behind its question waits for the store's answer: no longer than this. */
export const ASK_MS_MAX = 100;
/** A cancelled turn costs what the vendor read for it: a session that goes on when all is spent is ended after so many. */
export const BLOCKED_IN_A_ROW_MAX = 20;
/**
 * Denials that cost nothing, or that may pass (tokens a minute, the rest is reserved), end a session after so many in a
 * row: most of a minute of trying every second, and longer than any caller talks to nobody.
 */
export const DENIED_IN_A_ROW_MAX = 40;
/** Several turns asked for at once are one try. */
export const DENIED_EVERY_MS = 1_000;
/** After so many of those it is warned. */
export const DENIED_WARNING = 30;
// Repeats of a report come within a turn or two.
const REPEATS_MAX = 64;

/** One session's budget. */
export class TurnBudget {
  private readonly holds: TurnHolds;
  private readonly recent = new Set<string>();
  private spentHere: AmountPico = ZERO;
  private blockedInARow = 0;
  private deniedInARow = 0;
  private deniedAtMs = -Infinity;

  constructor(
    private readonly session: BudgetedSession,
    private readonly tenant: TenantBudget,
  ) {
    this.holds = new TurnHolds(tenant);
  }

  /**
   * The client asks for a turn. Resolves within `ASK_MS_MAX`: true where the question may go on to the vendor. Otherwise
   * the client was told, and nothing was spent.
   * @param eventId the id of its event, by which a refusal of the vendor names it.
   * @param toldAs the id that the client gave it; null: it gave none, or the question is not its own.
   */
  async asks(eventId: string | null, toldAs: string | null = eventId): Promise<boolean> {
    const limits = this.tenant.limits();
    if (limits === null || !isBudgeted(limits)) return true;
    const turn = this.start(limits);
    if ('kind' in turn) return this.refuse(turn, toldAs);
    this.holds.ask(turn, eventId);
    // Not answered in time: it goes on, and is cancelled as it begins should the answer be no.
    const standing = await this.tenant.within(turn.standing, ASK_MS_MAX);
    if (standing === null || standing.denial === null) return true;
    this.holds.forget(turn);
    this.tenant.defer(() => this.enforce());
    return this.refuse(standing.denial, toldAs);
  }

  /** The vendor refused a client's event: the turn that it asked for, if it did, will not come. */
  refusedByVendor(eventId: string | null, wasQuestion: boolean): void {
    this.holds.refused(eventId, wasQuestion);
    this.tenant.defer(() => this.enforce());
  }

  /** A turn begins. */
  began(turnId: string): void {
    const limits = this.tenant.limits();
    if (limits === null || !isBudgeted(limits)) return;
    const turn = this.holds.takeAsked() ?? this.start(limits);
    if ('kind' in turn) {
      this.holds.open(turnId, null);
      return this.block(turnId, turn);
    }
    this.holds.open(turnId, turn);
    void turn.standing.then((standing) => this.answered(turnId, turn, standing));
  }

  /** A usage event is durable. @param cost null for a repeat and where no price is known. */
  metered(event: MeteredUse, cost: AmountPico | null): void {
    const isTurn = event.kind === 'response';
    const ended = isTurn ? this.holds.close(event.vendorObjectId) : null;
    const limits = this.tenant.limits();
    if (limits === null || !isBudgeted(limits) || this.isRepeat(event.id)) return;
    const amount = cost ?? this.unpriced(event, ended?.turn ?? null);
    if (isTurn && ended?.turn !== null && amount > ZERO) this.holds.costed(amount);
    if (ended?.turn === null) this.tenant.blockedCost(amount);
    if (this.whatIsSpent(limits) === null) this.blockedInARow = 0;
    // What is not a turn (a transcription) cannot be blocked: it is a try as well.
    else if (!isTurn) this.blockedInARow += 1;
    const before = this.spentHere;
    this.spentHere = addAmounts(before, amount);
    for (const percent of crossedMarks(limits.spendSessionMax, before, this.spentHere)) this.tenant.crossed(percent);
    this.tenant.settle(ended?.turn?.id ?? event.id, amount, tokensOf(event.quantities));
    this.tenant.defer(() => this.enforce());
  }

  /** Acts by the tenant's policy if a limit is used up. Called after each report and a few times a minute. */
  enforce(): void {
    this.holds.forgetStale();
    const limits = this.tenant.limits();
    if (limits === null || this.whatIsSpent(limits) === null) return;
    // Whatever the policy: also a session that waits for a report that never comes must not go on trying.
    const triedTooOften = this.blockedInARow > BLOCKED_IN_A_ROW_MAX;
    if (triedTooOften || this.mustEnd(limits.overBudget)) this.session.end('budget_exceeded');
  }

  /** The session is settled: what never was reported holds nothing any more. */
  close(): void {
    this.holds.releaseAll();
  }

  /** Reserves in the session and in the store, unless the session knows already that it does not fit. */
  private start(limits: TenantLimits): Turn | TurnDenial {
    const denial = this.whatIsSpent(limits) ?? this.whatIsHeld(limits);
    return denial ?? this.holds.start();
  }

  private answered(turnId: string, turn: Turn, standing: BudgetStanding | null): void {
    if (standing !== null && standing.denial !== null) {
      if (this.holds.deny(turnId, turn)) this.block(turnId, standing.denial);
      return;
    }
    this.deniedInARow = 0;
    // It was reported meanwhile; should the store have heard of that first, nothing else would free the reservation.
    if (standing !== null && !this.holds.isOpen(turnId, turn)) this.tenant.release(turn.id);
  }

  // Its report is still to come, and is settled like any other.
  private block(turnId: string, denial: TurnDenial): void {
    this.tenant.blocked(denial, 'begun');
    this.session.cancelTurn(turnId);
    this.session.sendClient(
      turnBlockedEvent(denial, { name: turnId, clientEventId: null, nowMs: this.tenant.nowMs() }),
    );
    this.tried(denial, 'begun');
  }

  private refuse(denial: TurnDenial, eventId: string | null): false {
    this.tenant.blocked(denial, 'before');
    const [name, nowMs] = [this.holds.nextName(), this.tenant.nowMs()];
    this.session.sendClient(turnBlockedEvent(denial, { name, clientEventId: eventId, nowMs }));
    this.tried(denial, 'before');
    return false;
  }

  private tried(denial: TurnDenial, when: BlockedWhen): void {
    if (denial.kind === 'spent' && when === 'begun') {
      this.blockedInARow += 1;
      this.enforce();
      return;
    }
    const nowMs = this.tenant.nowMs();
    if (nowMs - this.deniedAtMs < DENIED_EVERY_MS) return;
    this.deniedAtMs = nowMs;
    this.deniedInARow += 1;
    const left = DENIED_IN_A_ROW_MAX - this.deniedInARow;
    const cause = denial.kind === 'spent' ? 'budget_exceeded' : 'turns_denied';
    if (this.deniedInARow === DENIED_WARNING) this.session.sendClient(turnsEndingEvent(this.session.id, cause, left));
    if (left < 0) this.session.end(cause);
  }

  private mustEnd(overBudget: OverBudget): boolean {
    switch (overBudget) {
      case 'cut':
        return true;
      // What the vendor is about to begin would be billed and never reported to us.
      case 'finish_turn':
        return this.session.reportsOwed() === 0 && !this.holds.isAsking;
      case 'block_turns':
        return false;
    }
  }

  private whatIsSpent({ spendSessionMax }: TenantLimits): TurnDenial | null {
    if (spendSessionMax !== null && this.spentHere >= spendSessionMax) return { kind: 'spent', period: 'session' };
    return this.tenant.spent();
  }

  // Counted here and not in the store: a session lives in one process. Each turn under way counts as the dearest so far;
  // of the first nothing is known, and it holds all that is left.
  private whatIsHeld({ spendSessionMax: max }: TenantLimits): TurnDenial | null {
    const isFull = this.holds.isFull || (max !== null && !this.holds.leavesRoom(this.spentHere, max));
    return isFull ? { kind: 'held', period: 'session' } : null;
  }

  // Rather too much than nothing: a model without a price must not run past a budget unseen. A turn counts as what was
  // reserved for it.
  private unpriced({ kind, quantities }: MeteredUse, turn: Turn | null): AmountPico {
    if (quantities.length === 0) return ZERO;
    return kind === 'response'
      ? (turn?.estimate ?? this.holds.lastTurn ?? FIRST_TURN_ESTIMATE)
      : UNPRICED_TRANSCRIPTION;
  }

  private isRepeat(id: string): boolean {
    if (this.recent.has(id)) return true;
    this.recent.add(id);
    const [oldest] = this.recent;
    if (this.recent.size > REPEATS_MAX && oldest !== undefined) this.recent.delete(oldest);
    return false;
  }
}

/** Whether anything of the tenant's is counted turn by turn. */
export function isBudgeted({ spendSessionMax, spendDayMax, spendMonthMax, tokensPerMinuteMax }: TenantLimits): boolean {
  return spendSessionMax !== null || isLimited({ dayMax: spendDayMax, monthMax: spendMonthMax, tokensPerMinuteMax });
}
