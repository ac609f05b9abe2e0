// The budget of one session: reserves as a turn begins, settles as it is reported, and acts when a limit is reached. No
// frame waits for any of it: a turn that does not fit has begun when the store says so, and is cancelled then.
import { addAmounts, ZERO, type AmountPico, type SessionId, type TenantId } from '@trunkline/kernel';
import { crossedMarks, type BudgetStanding, type Threshold } from '@trunkline/admission';
import { meterEntry, type UsageEvent } from '@trunkline/metering';
import type { OverBudget, TenantLimits } from '@trunkline/tenancy';
import { turnBlockedEvent, type TurnDenial } from './budget-words.js';

/** The session as its budget sees it. */
export interface BudgetedSession {
  readonly id: SessionId;
  readonly tenantId: TenantId;
  /** Reports of use that are still to come. */
  readonly reportsOwed: () => number;
  /** Ends the session with `budget_exceeded`. */
  readonly end: () => void;
  readonly sendClient: (text: string) => void;
  readonly cancelTurn: (turnId: string) => void;
}

/** What a budget reads of a usage event. */
export type MeteredUse = Pick<UsageEvent, 'id' | 'kind' | 'vendorObjectId' | 'quantities'>;

/** What all sessions of a process share. */
export interface TenantBudget {
  /** As the policy says now; null: the tenant is gone. */
  readonly limits: () => TenantLimits | null;
  /** What of the tenant's is used up, as last heard. */
  readonly spent: () => TurnDenial | null;
  /** Null while the store is away, and without limits to count for: then the turn goes on. */
  readonly reserve: (turnId: string, estimate: AmountPico | null) => Promise<BudgetStanding | null>;
  /** Counts; whoever of the tenant has to stop hears of it. */
  readonly settle: (turnId: string, amount: AmountPico, tokens: number) => void;
  readonly release: (turnId: string) => void;
  readonly crossed: (percent: Threshold) => void;
  readonly blocked: (denial: TurnDenial) => void;
  /** Runs the work when what is under way in this turn of the event loop is done, forwarding included. */
  readonly defer: (work: () => void) => void;
}

// More than any client has under way; a turn beyond it is not reserved but settled all the same.
const TURNS_MAX = 64;
/** A cancelled turn costs what the vendor read for it: a session that goes on when all is spent is ended after so many. */
export const BLOCKED_IN_A_ROW_MAX = 20;
const MICRO = 1_000_000;

/** One session's budget. */
export class TurnBudget {
  /** Turns under way, by the vendor's id. */
  private readonly open = new Set<string>();
  private spentHere: AmountPico = ZERO;
  private lastTurn: AmountPico | null = null;
  private blockedInARow = 0;

  constructor(
    private readonly session: BudgetedSession,
    private readonly tenant: TenantBudget,
  ) {}

  /** A turn begins. */
  began(turnId: string): void {
    const limits = this.tenant.limits();
    if (limits === null || this.open.size >= TURNS_MAX) return;
    this.open.add(turnId);
    const spent = this.whatIsSpent(limits);
    if (spent !== null) this.block(turnId, spent);
    else void this.reserve(turnId);
  }

  /** A usage event is durable. @param cost null for a repeat and where no price is known. */
  metered(event: MeteredUse, cost: AmountPico | null): void {
    const isTurn = event.kind === 'response';
    const wasOpen = isTurn && this.open.delete(event.vendorObjectId);
    const limits = this.tenant.limits();
    if (limits === null || (cost === null && !wasOpen)) return;
    const amount = cost ?? ZERO;
    if (isTurn && amount > ZERO) this.lastTurn = amount;
    if (this.whatIsSpent(limits) === null) this.blockedInARow = 0;
    // What is not a turn (a transcription) cannot be blocked: it is a try as well.
    else if (!isTurn) this.blockedInARow += 1;
    const before = this.spentHere;
    this.spentHere = addAmounts(before, amount);
    for (const percent of crossedMarks(limits.spendSessionMax, before, this.spentHere)) this.tenant.crossed(percent);
    this.tenant.settle(isTurn ? event.vendorObjectId : event.id, amount, tokensOf(event));
    this.tenant.defer(() => this.enforce());
  }

  /** Acts by the tenant's policy if a limit is used up. Called after each report and a few times a minute. */
  enforce(): void {
    const limits = this.tenant.limits();
    if (limits === null || this.whatIsSpent(limits) === null) return;
    // Whatever the policy: also a session that waits for a report that never comes must not go on trying.
    const triedTooOften = this.blockedInARow > BLOCKED_IN_A_ROW_MAX;
    if (triedTooOften || mustEnd(limits.overBudget, this.session)) this.session.end();
  }

  /** The session is settled: what never was reported holds nothing any more. */
  close(): void {
    for (const turnId of this.open) this.tenant.release(turnId);
    this.open.clear();
  }

  private async reserve(turnId: string): Promise<void> {
    const standing = await this.tenant.reserve(turnId, this.lastTurn);
    if (standing === null) return;
    if (this.open.has(turnId)) {
      if (standing.denial !== null) this.block(turnId, standing.denial);
    } else if (standing.denial === null) {
      // It was reported meanwhile; should the store have heard of that first, nothing else would free the reservation.
      this.tenant.release(turnId);
    }
  }

  // Its report is still to come, and is settled like any other.
  private block(turnId: string, denial: TurnDenial): void {
    this.tenant.blocked(denial);
    this.session.cancelTurn(turnId);
    this.session.sendClient(turnBlockedEvent(denial, turnId));
    if (denial.kind !== 'spent') return;
    this.blockedInARow += 1;
    this.enforce();
  }

  private whatIsSpent({ spendSessionMax }: TenantLimits): TurnDenial | null {
    if (spendSessionMax !== null && this.spentHere >= spendSessionMax) return { kind: 'spent', period: 'session' };
    return this.tenant.spent();
  }
}

function mustEnd(overBudget: OverBudget, session: BudgetedSession): boolean {
  switch (overBudget) {
    case 'cut':
      return true;
    case 'finish_turn':
      return session.reportsOwed() === 0;
    case 'block_turns':
      return false;
  }
}

function tokensOf({ quantities }: MeteredUse): number {
  let tokens = 0;
  for (const { meter, quantityMicro } of quantities)
    if (meterEntry(meter).unit === 'tokens') tokens += Number(quantityMicro) / MICRO;
  return Math.ceil(tokens);
}
