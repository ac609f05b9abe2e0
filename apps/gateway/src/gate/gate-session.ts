// The gate of one session: judges what passes between an app and the model, and acts on the verdicts. Assumes no socket:
// it is given events of both directions, says what becomes of each, and has a few words to say to both sides, so that a
// call that is seen through a sideband is gated alike (there, nothing can be kept back, only stopped). Never rejects.
import {
  kindsJudged,
  Pipeline,
  stopsContent,
  type ContentKind,
  type HookBinding,
  type HookContext,
  type HookWord,
  type ModerationPolicy,
  type StartTimer,
} from '@trunkline/moderation';
import type { ContentReader, GateWords } from '@trunkline/providers';
import { withoutWhatWasSaid } from '@trunkline/providers/adapters/openai';
import { BlockedOutput } from './blocked-output.js';
import { DelayLine } from './delay-line.js';
import { judgeEvent, type JudgedEvent } from './judge-event.js';

/** What becomes of an event: let through as it came, kept, or another in its place. */
export type GateVerdict = 'forward' | 'drop' | { readonly replace: Buffer };

/** A tenant's policy, ready for use. */
export interface GatePolicy {
  readonly policy: ModerationPolicy;
  /** Its hooks, made. */
  readonly bindings: readonly HookBinding[];
}

/** What a hook's word was about. No content. */
export interface GateFinding {
  readonly word: HookWord;
  readonly kind: ContentKind;
  readonly itemId: string | null;
  readonly responseId: string | null;
}

/** What a gate does to its session, and needs of the world. */
export interface GatePorts {
  readonly reader: ContentReader;
  readonly words: GateWords;
  readonly context: HookContext;
  readonly startTimer: StartTimer;
  readonly nowMs: () => number;
  readonly toUpstream: (text: string) => void;
  readonly toClient: (payload: Buffer) => void;
  /**
   * Tells the app that something was not let through.
   * @param about the vendor's id of it, or the id that the app gave its event, where there is one.
   */
  readonly tellBlocked: (from: 'client' | 'upstream', about: string | null) => void;
  /** Ends the session: the policy demands it. */
  readonly end: () => void;
  readonly found: (findings: readonly GateFinding[]) => void;
}

const RESPONSE = /^response\./;
const ITEM = /^conversation\.item\.(added|created|done)$/;
const AUDIO = 'response.output_audio.delta';

/** The gate of one session. */
export class GateSession {
  private gate: GatePolicy;
  private pipeline: Pipeline;
  private judged: ReadonlySet<ContentKind>;
  private readonly output: BlockedOutput;
  private readonly delayed: DelayLine;
  private blocks = 0;

  /** @param current the policy in force; asked for each message, and followed when it is another. */
  constructor(
    private readonly current: () => GatePolicy,
    private readonly ports: GatePorts,
  ) {
    const { words, toUpstream, nowMs, startTimer, toClient } = ports;
    this.gate = current();
    this.pipeline = new Pipeline(this.gate.bindings, ports.context, startTimer);
    this.judged = kindsJudged(this.gate.bindings);
    this.output = new BlockedOutput({ words, toUpstream, refusal: () => this.gate.policy.output.refusal });
    const delayMs = (): number => this.gate.policy.output.holdBackMs;
    this.delayed = new DelayLine(delayMs, { nowMs, startTimer, send: toClient });
  }

  /** Whether the gate must see messages of this type; `note`: only that one went by. */
  interest(from: 'client' | 'upstream', type: string): 'pass' | 'note' | 'hold' {
    this.follow();
    if (this.ports.reader.carries(from, type, this.judged)) return 'hold';
    if (from === 'client') return 'pass';
    // What a response made, for a verdict that comes when it is over.
    if (type === 'unknown' || (type === 'response.done' && this.judgesOutput)) return 'hold';
    const isOutput = RESPONSE.test(type) || ITEM.test(type);
    if (isOutput && (this.output.isActive || this.holdsBack)) return 'hold';
    return type === AUDIO || type === 'response.created' ? 'note' : 'pass';
  }

  /** A message went by that the gate only notes. @param bytes its size. */
  noted(type: string, bytes: number): void {
    if (type === AUDIO) this.output.heard(bytes);
    else if (type === 'response.created') this.output.began();
  }

  /** What an app sends. */
  fromClient(payload: Buffer): GateVerdict | Promise<GateVerdict> {
    const event = this.ports.reader.read('client', payload);
    if (event === null) return 'forward';
    const judged = judgeEvent(this.pipeline, event);
    return judged instanceof Promise ? judged.then((each) => this.letIn(each)) : this.letIn(judged);
  }

  /** What the model says, and what it heard. @param payload what the app would get. */
  fromUpstream(type: string, payload: Buffer): GateVerdict | Promise<GateVerdict> {
    if (type === 'response.created') this.output.began();
    const event = this.ports.reader.read('upstream', payload);
    if (event === null) return this.letOut(type, payload);
    const judged = judgeEvent(this.pipeline, event);
    if (!(judged instanceof Promise)) {
      this.act(judged);
      return this.letOut(type, payload);
    }
    // With a hold-back the verdict may come while the message waits its time; without one, what is said goes on at once
    // and a verdict that comes later stops what follows.
    void judged.then((each) => this.act(each));
    return this.letOut(type, payload);
  }

  /** The session is over: what waits was judged, and goes. */
  close(): void {
    this.delayed.flush();
  }

  private follow(): void {
    const current = this.current();
    if (current === this.gate) return;
    this.gate = current;
    this.pipeline = new Pipeline(current.bindings, this.ports.context, this.ports.startTimer);
    this.judged = kindsJudged(current.bindings);
  }

  private get judgesOutput(): boolean {
    return this.judged.has('output_text') || this.judged.has('tool_arguments');
  }

  private get holdsBack(): boolean {
    // What comes after what waits must wait as well, also when the policy has changed meanwhile.
    return this.gate.policy.output.holdBackMs > 0 || !this.delayed.isEmpty;
  }

  private letIn(judged: JudgedEvent): GateVerdict {
    this.tell(judged);
    if (stopsContent(judged.action)) {
      this.blocked('client', judged.event.eventId, judged.action === 'end');
      return 'drop';
    }
    return judged.action === 'redact' ? { replace: judged.event.payload() } : 'forward';
  }

  /** What was said cannot be redacted any more: it is stopped like what is blocked. */
  private act(judged: JudgedEvent): void {
    this.tell(judged);
    const { action, event } = judged;
    if (action === 'pass' || action === 'flag') return;
    const { responseId, itemId } = event;
    if (responseId !== null) {
      if (!this.output.block(responseId, itemId)) return;
      this.delayed.block((each) => this.output.isOf(each));
    } else if (itemId !== null) this.ports.toUpstream(this.ports.words.deleteItem(itemId));
    this.blocked('upstream', responseId ?? itemId, action === 'end');
  }

  private letOut(type: string, payload: Buffer): GateVerdict | Promise<GateVerdict> {
    if (!RESPONSE.test(type) && !ITEM.test(type)) return 'forward';
    if (!this.output.isActive && !this.holdsBack && type !== 'response.done') {
      if (type === AUDIO) this.output.heard(payload.length);
      return 'forward';
    }
    const event = withoutWhatWasSaid(payload);
    if (event === null) return 'forward';
    const isBlocked = this.output.isOf(event);
    this.output.passed(event);
    const left = isBlocked ? event.rest : payload;
    if (left === null) return 'drop';
    if (!this.holdsBack) return isBlocked ? { replace: left } : 'forward';
    const room = this.delayed.add({ payload: left, event });
    return room === null ? 'drop' : room.then(() => 'drop' as const);
  }

  private tell({ event, words }: JudgedEvent): void {
    if (words.length === 0) return;
    const { itemId, responseId, places } = event;
    const kind = places[0]?.piece.kind ?? 'typed_text';
    this.ports.found(words.map((word) => ({ word, kind, itemId, responseId })));
  }

  private blocked(from: 'client' | 'upstream', about: string | null, mustEnd: boolean): void {
    this.blocks += 1;
    this.ports.tellBlocked(from, about);
    const { blocksMax } = this.gate.policy;
    if (mustEnd || (blocksMax !== null && this.blocks >= blocksMax)) this.ports.end();
  }
}
