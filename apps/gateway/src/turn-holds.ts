// What a session's turns under way hold of its budgets: turns that a client asked for and the vendor has not begun yet, and
// turns that have begun. Bounded. Leaves what a denial means to the `TurnBudget`.
import { addAmounts, ZERO, type AmountPico } from '@trunkline/kernel';
import { RESERVATION_MS, type BudgetStanding } from '@trunkline/admission';

/** A turn that holds a reservation, or asks for one. */
export interface Turn {
  /** Of its reservation in the store. */
  readonly id: string;
  /** What it will probably cost; null: nothing is known yet. */
  readonly estimate: AmountPico | null;
  /** When it was asked for or began. */
  readonly atMs: number;
  /** The store's answer; null while the store is away. */
  readonly standing: Promise<BudgetStanding | null>;
}

/** What holds work with. */
export interface HoldParts {
  readonly reserve: (turnId: string, estimate: AmountPico | null) => Promise<BudgetStanding | null>;
  readonly release: (turnId: string) => void;
  readonly nowMs: () => number;
}

interface Asked {
  readonly turn: Turn;
  readonly eventId: string | null;
}

// More than any client has under way at once; one more is denied, so that no turn goes unreserved.
const TURNS_MAX = 64;
// The vendor begins a turn within a second or two of the question, or says why not.
const ASKED_MS_MAX = 15_000;

/** The turns of one session. */
export class TurnHolds {
  /** Turns under way, by the vendor's id; null: it was blocked and holds nothing. */
  private readonly begun = new Map<string, Turn | null>();
  private asked: Asked[] = [];
  private names = 0;
  /** What the session's dearest turn cost, and its last. */
  private dearest: AmountPico = ZERO;
  private last: AmountPico | null = null;

  constructor(private readonly tenant: HoldParts) {}

  get isFull(): boolean {
    return this.begun.size + this.asked.length >= TURNS_MAX;
  }

  /** A question went to the vendor, or is about to, and the vendor has not begun its turn nor refused it. */
  get isAsking(): boolean {
    return this.asked.length > 0;
  }

  /** What the last turn cost; null: none was reported yet. */
  get lastTurn(): AmountPico | null {
    return this.last;
  }

  /** A turn was reported. */
  costed(amount: AmountPico): void {
    this.last = amount;
    if (amount > this.dearest) this.dearest = amount;
  }

  /** A name that no turn of the session had before. */
  nextName(): string {
    return `${++this.names}`;
  }

  /** Whether one more turn fits under the session's own limit: the one that crosses it is the last. */
  leavesRoom(spent: AmountPico, max: AmountPico): boolean {
    // A report that never comes holds as long here as in the store.
    const fromMs = this.tenant.nowMs() - RESERVATION_MS;
    const begun = [...this.begun.values()].filter((turn) => turn !== null && turn.atMs > fromMs);
    const turns = this.asked.length + begun.length;
    if (turns > 0 && this.last === null) return false;
    return addAmounts(spent, ...Array.from({ length: turns }, () => this.dearest)) < max;
  }

  /** Asks the store for a reservation. */
  start(): Turn {
    const id = this.nextName();
    return { id, estimate: this.last, atMs: this.tenant.nowMs(), standing: this.tenant.reserve(id, this.last) };
  }

  /** The client asked for it, and the vendor has not begun it yet. */
  ask(turn: Turn, eventId: string | null): void {
    this.asked.push({ turn, eventId });
  }

  /** The turn that was asked for first; null: none was, and the vendor began one by itself. */
  takeAsked(): Turn | null {
    return this.asked.shift()?.turn ?? null;
  }

  /** It is denied, and will not be asked of the vendor. */
  forget(turn: Turn): void {
    this.asked = this.asked.filter((each) => each.turn !== turn);
  }

  refused(eventId: string | null, wasQuestion: boolean): void {
    const found = this.asked.find((each) => each.eventId === eventId && (eventId !== null || wasQuestion));
    if (found) this.drop(found);
  }

  forgetStale(): void {
    const fromMs = this.tenant.nowMs() - ASKED_MS_MAX;
    for (const each of this.asked.filter(({ turn }) => turn.atMs <= fromMs)) this.drop(each);
  }

  open(turnId: string, turn: Turn | null): void {
    this.begun.set(turnId, turn);
  }

  isOpen(turnId: string, turn: Turn): boolean {
    return this.begun.get(turnId) === turn;
  }

  /** The store denied it: it holds nothing. False: it is over already. */
  deny(turnId: string, turn: Turn): boolean {
    if (!this.isOpen(turnId, turn)) return false;
    this.begun.set(turnId, null);
    return true;
  }

  /** It was reported. @returns what it held; null: it was not known. */
  close(turnId: string): { readonly turn: Turn | null } | null {
    const turn = this.begun.get(turnId);
    this.begun.delete(turnId);
    return turn === undefined ? null : { turn };
  }

  releaseAll(): void {
    for (const turn of this.begun.values()) if (turn !== null) this.tenant.release(turn.id);
    this.begun.clear();
    for (const each of this.asked) this.drop(each);
  }

  private drop({ turn }: Asked): void {
    this.forget(turn);
    this.tenant.release(turn.id);
  }
}
