// Output that waits before the caller gets it, so that what a gate blocks meanwhile is never heard: for a time, and for as
// long as a verdict must be waited for. Keeps the order of what it holds; bounded in bytes: when full, whoever brings more
// waits until something has left.
import type { BlockedEvent } from '@trunkline/providers/adapters/openai';

/** One message that waits. */
export interface DelayedMessage {
  readonly payload: Buffer;
  /** What it is about, and what is left of it should that be blocked. */
  readonly event: BlockedEvent;
  /** Whether it may not leave yet, whatever the time: whoever makes that false calls `proceed`. */
  readonly mustWait: () => boolean;
}

/** What the line needs of the world. */
export interface DelayLinePorts {
  readonly nowMs: () => number;
  /** Calls back once; returns how to call it off. */
  readonly startTimer: (afterMs: number, expired: () => void) => () => void;
  /** @param event that it is, or is left of. */
  readonly send: (payload: Buffer, event: BlockedEvent) => void;
}

interface Waiting extends DelayedMessage {
  readonly dueMs: number;
}

// Two seconds of the fastest burst that a vendor sends, with room. A full line holds up the upstream, never loses.
const BYTES_MAX = 8 * 1024 * 1024;

/** The line of one session. */
export class DelayLine {
  private readonly waiting: Waiting[] = [];
  private readonly forRoom: (() => void)[] = [];
  private bytes = 0;
  private callOff: (() => void) | null = null;
  private isStopped = false;

  constructor(
    private readonly delayMs: () => number,
    private readonly ports: DelayLinePorts,
  ) {}

  /** Whether anything waits: then what comes after must wait as well. */
  get isEmpty(): boolean {
    return this.waiting.length === 0;
  }

  /** What waits is about. */
  get events(): readonly BlockedEvent[] {
    return this.waiting.map(({ event }) => event);
  }

  /** Adds a message. The promise, if any, resolves when there is room for the next one. */
  add(message: DelayedMessage): Promise<void> | null {
    const last = this.waiting.at(-1)?.dueMs ?? 0;
    this.waiting.push({ ...message, dueMs: Math.max(last, this.ports.nowMs() + this.delayMs()) });
    this.bytes += message.payload.length;
    this.schedule();
    return this.bytes > BYTES_MAX ? new Promise((resolve) => this.forRoom.push(resolve)) : null;
  }

  /** Takes out what was said in events that are blocked by now. */
  block(isBlocked: (event: BlockedEvent) => boolean): void {
    const kept = this.waiting.flatMap((each) => {
      if (!isBlocked(each.event)) return [each];
      return each.event.rest === null ? [] : [{ ...each, payload: each.event.rest }];
    });
    this.waiting.splice(0, this.waiting.length, ...kept);
    this.count();
    this.schedule();
  }

  /** Takes messages out altogether. @returns what they were about. */
  takeOut(isUnwanted: (event: BlockedEvent) => boolean): readonly BlockedEvent[] {
    const taken = this.events.filter(isUnwanted);
    if (taken.length === 0) return taken;
    this.waiting.splice(0, this.waiting.length, ...this.waiting.filter(({ event }) => !isUnwanted(event)));
    this.count();
    this.schedule();
    return taken;
  }

  /** What something waited for has come: what is due and waits for nothing goes. */
  proceed(): void {
    if (this.isStopped || this.isEmpty) return;
    this.callOff?.();
    this.release();
  }

  /** The session is over: from now on nothing goes by its time, only by `finish`. */
  stop(): void {
    this.isStopped = true;
    this.callOff?.();
    this.callOff = null;
  }

  /**
   * Empties the line of a session that is over: what may go does, of the rest what is left of it without what was said.
   * @returns how many messages said something that did not go.
   */
  finish(mayGo: (event: BlockedEvent) => boolean): number {
    let dropped = 0;
    for (const { payload, event } of this.waiting.splice(0)) {
      const left = mayGo(event) ? payload : event.rest;
      if (left === null || left.length < payload.length) dropped += 1;
      if (left !== null) this.ports.send(left, event);
    }
    this.count();
    return dropped;
  }

  private release(): void {
    this.callOff = null;
    const nowMs = this.ports.nowMs();
    const due = this.waiting.findIndex(({ dueMs, mustWait }) => dueMs > nowMs || mustWait());
    const leaving = this.waiting.splice(0, due === -1 ? this.waiting.length : due);
    for (const { payload, event } of leaving) this.ports.send(payload, event);
    this.count();
    this.schedule();
  }

  private count(): void {
    this.bytes = this.waiting.reduce((sum, { payload }) => sum + payload.length, 0);
    if (this.bytes <= BYTES_MAX) for (const resolve of this.forRoom.splice(0)) resolve();
  }

  private schedule(): void {
    if (this.isStopped) return;
    const next = this.waiting[0];
    if (next === undefined || next.mustWait()) {
      this.callOff?.();
      this.callOff = null;
    } else this.callOff ??= this.ports.startTimer(Math.max(0, next.dueMs - this.ports.nowMs()), () => this.release());
  }
}
