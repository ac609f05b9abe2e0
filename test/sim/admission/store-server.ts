// The store as a process: the real state machine, and everything that can happen to the machine it runs on. It stalls
// (requests pile up and run later), stops and comes back with or without its memory, and fails over to a copy that lacks
// the last writes and whose clock is not the same. Its log is the truth from which a copy is made.
import type { Lease, LeaseTerms, PoolPlan, Switchboard } from '@trunkline/admission';
import type { ReplicaId, SessionId } from '@trunkline/kernel';
import type { Chronicle } from './chronicle.js';
import { Memory } from './memory.js';
import type { StoreWatch } from './step-run.js';
import type { Step } from './step.js';
import type { Timeline } from './timeline.js';

interface Logged {
  readonly step: Step;
  readonly nowMs: number;
  readonly adopted: readonly PoolPlan[];
}

/** What a store is made of. */
export interface StoreParts {
  readonly timeline: Timeline;
  readonly terms: LeaseTerms;
  readonly makeBoard: (terms: LeaseTerms) => Switchboard;
  readonly watch: StoreWatch;
  readonly chronicle: Chronicle;
  /** A line was given to a waiting call of the replica. */
  readonly granted: (replicaId: ReplicaId, sessionId: SessionId) => void;
}

// The store's clock at the beginning of the world.
const EPOCH_MS = 1_795_000_000_000;

/** The store. */
export class StoreServer {
  #board: Switchboard;
  #memory: Memory;
  #log: Logged[] = [];
  #backlog: (() => void)[] = [];
  #stalledUntilMs = 0;
  #awayUntilMs = 0;
  #skewMs = 0;

  constructor(private readonly parts: StoreParts) {
    this.#board = parts.makeBoard(parts.terms);
    this.#memory = new Memory(parts.terms);
  }

  get board(): Switchboard {
    return this.#board;
  }

  get nowMs(): number {
    return Math.floor(EPOCH_MS + this.parts.timeline.nowMs + this.#skewMs);
  }

  get isAway(): boolean {
    return this.parts.timeline.nowMs < this.#awayUntilMs;
  }

  /** A request arrives; it runs now, after a stall, or never. */
  receive<T>(step: Step<T>, answer: (outcome: T) => void): void {
    if (this.isAway) return;
    if (this.parts.timeline.nowMs < this.#stalledUntilMs) this.#backlog.push(() => answer(this.#run(step)));
    else answer(this.#run(step));
  }

  /** A process begins that is certain, or not, that no session is open anywhere. */
  open(nobodyIsOpen: boolean): void {
    this.#run({ kind: 'open', callers: [], nobodyIsOpen, apply: (board, nowMs) => board.open(nobodyIsOpen, nowMs) });
  }

  /** Stands still, as under SIGSTOP: what is sent meanwhile runs when it goes on. */
  stall(forMs: number): void {
    this.#stalledUntilMs = Math.max(this.#stalledUntilMs, this.parts.timeline.nowMs + forMs);
    this.parts.timeline.at(this.#stalledUntilMs, () => this.#goOn());
  }

  /** Is gone for a while, and back with its memory. */
  stop(forMs: number): void {
    this.#backlog = [];
    this.#awayUntilMs = Math.max(this.#awayUntilMs, this.parts.timeline.nowMs + forMs);
  }

  /** Loses everything. */
  flush(): void {
    this.#board = this.parts.makeBoard(this.parts.terms);
    this.#memory = new Memory(this.parts.terms);
    this.#log = [];
    this.parts.watch.forgot();
  }

  /** A copy takes over that lacks the last writes and has a clock of its own. */
  failOver({ lostMs, skewMs }: { readonly lostMs: number; readonly skewMs: number }): void {
    const untilMs = this.nowMs - lostMs;
    this.#log = this.#log.filter(({ nowMs }) => nowMs <= untilMs);
    this.#board = this.parts.makeBoard(this.parts.terms);
    this.#memory = new Memory(this.parts.terms);
    for (const { step, nowMs, adopted } of this.#log) {
      step.apply(this.#board, nowMs);
      this.#memory.remember(step, nowMs, adopted);
    }
    this.#board.takeGranted();
    this.#skewMs = skewMs;
    this.parts.watch.restored(this.#board);
  }

  #goOn(): void {
    if (this.parts.timeline.nowMs < this.#stalledUntilMs) return;
    const waiting = this.#backlog;
    this.#backlog = [];
    for (const run of waiting) run();
  }

  #run<T>(step: Step<T>): T {
    const nowMs = this.nowMs;
    const outcome = step.apply(this.#board, nowMs);
    this.#memory.enter(step, nowMs);
    const given = this.#board.takeGranted();
    const run = { step, outcome, board: this.#board, memory: this.#memory, nowMs };
    this.parts.chronicle.step(run);
    const adopted = this.parts.watch.stepped(run);
    this.#memory.remember(step, nowMs, adopted);
    this.#log.push({ step, nowMs, adopted });
    for (const lease of given) if (!isOwn(lease, step)) this.parts.granted(lease.replicaId, lease.sessionId);
    return outcome;
  }
}

function isOwn({ token }: Lease, step: Step): boolean {
  return step.kind === 'acquire' && step.callers.some((caller) => caller.token === token);
}
