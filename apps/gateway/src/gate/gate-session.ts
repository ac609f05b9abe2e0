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
import type { ContentReader, GatedEvent, GateWords, SessionVeil } from '@trunkline/providers';
import {
  plainEvent,
  questionOf,
  typeOf,
  withoutWhatWasSaid,
  type BlockedEvent,
} from '@trunkline/providers/adapters/openai';
import { BlockedOutput } from './blocked-output.js';
import { DelayLine } from './delay-line.js';
import { Excerpts } from './excerpts.js';
import type { Unjudged } from './held-answers.js';
import { asSaid, judgeEvent, type JudgedEvent } from './judge-event.js';
import { SessionConduct, type SessionConductPorts } from './session-conduct.js';
import { VerdictsDue } from './verdicts-due.js';

/** What becomes of an event: let through as it came, kept, or another in its place. */
export type GateVerdict = 'forward' | 'drop' | { readonly replace: Buffer };

/** A tenant's policy, ready for use. */
export interface GatePolicy {
  /** Of the tenant's policies. */
  readonly version: number;
  readonly policy: ModerationPolicy;
  /** Its hooks, made. */
  readonly bindings: readonly HookBinding[];
  /** Nothing goes on that an app sends, audio included, nor what a model says; absent: hooks decide. */
  readonly isShut?: true;
}

/** What a hook's word was about. */
export interface GateFinding {
  readonly word: HookWord;
  readonly kind: ContentKind;
  readonly itemId: string | null;
  readonly responseId: string | null;
  /** What was said around it, only where the policy keeps content: to be sealed before it goes anywhere. */
  readonly excerpt: string | null;
}

/** Words of a caller's that held answers waited for in vain. */
export interface UnjudgedWords {
  /** Null where an app gave its item no id. */
  readonly itemId: string | null;
  readonly why: Unjudged;
  readonly isBlocked: boolean;
}

/**
 * What was not let through: what an app sends, a question that it asks, what was said, what has no verdict in time, or
 * audio that can have none (`unheard`).
 */
export type BlockedThing = 'client' | 'question' | 'upstream' | 'unjudged' | 'unheard';

/** What a gate does to its session, and needs of the world. */
export interface GatePorts {
  readonly reader: ContentReader;
  readonly words: GateWords;
  readonly veil: SessionVeil;
  readonly context: HookContext;
  readonly startTimer: StartTimer;
  readonly nowMs: () => number;
  readonly toUpstream: (text: string) => void;
  readonly toClient: (payload: Buffer) => void;
  /**
   * Tells the app that something was not let through.
   * @param about the vendor's id of it, or the id that the app gave its event, where there is one.
   */
  readonly tellBlocked: (what: BlockedThing, about: string | null) => void;
  /** A caller's words have no verdict in time. @param by the policy whose rule decided. */
  readonly unjudged: (words: UnjudgedWords, by: GatePolicy) => void;
  /** See `SessionConductPorts`. */
  readonly answerHeld: SessionConductPorts['answerHeld'];
  readonly mayAsk: SessionConductPorts['mayAsk'];
  readonly unenforceable: SessionConductPorts['unenforceable'];
  /** So many messages were held back when the session ended, and are not heard: what they say had no verdict. */
  readonly droppedAtEnd: (messages: number) => void;
  /** A hook was asked and found nothing that counts. */
  readonly passed: (binding: HookBinding) => void;
  /** Ends the session: the policy demands it. */
  readonly end: () => void;
  /** Hooks found something or failed. @param by the policy that they are of. */
  readonly found: (findings: readonly GateFinding[], by: GatePolicy) => void;
}

/** From the end of a session until what is held back and has no verdict is dropped: who is cut must be cut within two seconds. */
const LAST_VERDICTS_MS_MAX = 1_000;
const RESPONSE = /^response\./;
const ITEM = /^conversation\.item\.(added|created|done|retrieved)$/;
const AUDIO = 'response.output_audio.delta';
const BEGIN = 'response.created';
const END = 'response.done';
// An app may ask for an item while it is held back, or until it is taken out of the conversation.
const RETRIEVED = 'conversation.item.retrieved';
// What is looked at also while nothing is blocked or held back.
const ALWAYS = new Set([END, AUDIO, RETRIEVED]);
const APPEND = 'input_audio_buffer.append';

/** The gate of one session. */
export class GateSession {
  private gate: GatePolicy;
  private pipeline: Pipeline;
  private judged: ReadonlySet<ContentKind>;
  private readonly output: BlockedOutput;
  private readonly delayed: DelayLine;
  private readonly conduct: SessionConduct;
  private readonly verdicts = new VerdictsDue();
  private blocks = 0;
  private excerpts: Excerpts | null = null;
  private isClosed = false;
  /** The app was told that its audio goes nowhere. */
  private isDeaf = false;

  /** @param current the policy in force; asked for each message, and followed when it is another. */
  constructor(
    private readonly current: () => GatePolicy,
    private readonly ports: GatePorts,
  ) {
    const { words, toUpstream, nowMs, startTimer, toClient } = ports;
    this.gate = current();
    this.pipeline = new Pipeline(this.gate.bindings, ports.context, startTimer, ports.passed);
    this.judged = kindsJudged(this.gate.bindings);
    this.output = new BlockedOutput({
      ...{ words, toUpstream, tooMany: ports.end },
      refusal: () => this.gate.policy.output.refusal,
    });
    const delayMs = (): number => this.gate.policy.output.holdBackMs;
    const send = (payload: Buffer, event: BlockedEvent): void => {
      this.goesOut(payload, event);
      toClient(payload);
    };
    this.delayed = new DelayLine(delayMs, { nowMs, startTimer, send });
    this.conduct = new SessionConduct(() => this.gate.policy, {
      ...ports,
      refuse: (eventId) => ports.tellBlocked('question', eventId),
      unjudged: (itemId, why, isBlocked) => this.unjudged(itemId, why, isBlocked),
    });
    this.conduct.follow(this.judged);
  }

  /** The session was under way before it had a gate. To be called once both directions are shown to the gate. */
  join(): void {
    this.conduct.join();
  }

  /** Whether the gate must see messages of this type; `note`: only that one went by. */
  interest(from: 'client' | 'upstream', type: string): 'pass' | 'note' | 'hold' {
    this.follow();
    if (from === 'client' && this.gate.isShut) return 'hold';
    if (this.ports.reader.carries(from, type, this.judged)) return 'hold';
    if (from === 'client') return this.conduct.clientInterest(type);
    if (this.conduct.isInterestedIn(type)) return 'hold';
    // Which responses run, and what they made, for a verdict that comes when they are over.
    if (type === 'unknown' || (this.judgesOutput && (type === BEGIN || type === END || type === RETRIEVED)))
      return 'hold';
    const isOutput = RESPONSE.test(type) || ITEM.test(type);
    if (isOutput && (this.output.isActive || this.holdsBack || this.gate.isShut)) return 'hold';
    // It may hold a call.
    if (isOutput && type !== AUDIO && this.verdicts.areAwaited) return 'hold';
    if (type === AUDIO) return this.output.heard.mustBeTold ? 'hold' : 'note';
    return type === BEGIN ? 'note' : 'pass';
  }

  /** A message went by that the gate only notes. @param bytes its size. */
  noted(type: string, bytes: number): void {
    if (type === AUDIO) this.output.heard.audio(bytes, null);
    else if (type === BEGIN) this.output.heard.began(null);
    else this.conduct.noted(type);
  }

  /** What an app sends. */
  fromClient(type: string, payload: Buffer): GateVerdict | Promise<GateVerdict> {
    const plain = plainEvent(payload);
    const isSure = type !== 'unknown' && plain === payload;
    const verdict = this.letPlain(isSure ? type : (typeOf(plain) ?? 'unknown'), plain);
    const whole = (given: GateVerdict): GateVerdict =>
      given === 'forward' && plain !== payload ? { replace: plain } : given;
    return verdict instanceof Promise ? verdict.then(whole) : whole(verdict);
  }

  /** @param payload what nobody can read in another way than it is judged. */
  private letPlain(type: string, payload: Buffer): GateVerdict | Promise<GateVerdict> {
    if (this.gate.isShut) return this.refuse(type, payload);
    if (this.conduct.mustWait(type)) return this.conduct.untilFree().then(() => this.letPlain(type, payload));
    if (this.blocksUnheard(type, payload)) return 'drop';
    const event = this.ports.reader.read('client', payload);
    if (event === null) return this.letGo(type, payload, 'forward');
    this.remember(event);
    const by = this.gate;
    const judged = judgeEvent(this.pipeline, event);
    if (!(judged instanceof Promise)) return this.letGo(type, payload, this.letIn(judged, by));
    return judged.then((each) => this.letGo(type, payload, this.letIn(each, by)));
  }

  /** What the model says, and what it heard. @param payload what the app would get. */
  fromUpstream(sniffed: string, payload: Buffer): GateVerdict | Promise<GateVerdict> {
    const type = sniffed === 'unknown' ? (typeOf(payload) ?? sniffed) : sniffed;
    if (type === BEGIN) this.output.heard.began(withoutWhatWasSaid(payload)?.responseId ?? null);
    const event = this.ports.reader.read('upstream', payload);
    if (event !== null) {
      this.remember(event);
      this.judgeSaid(event);
    }
    const shown = this.conduct.fromUpstream(type, payload);
    if (shown === null) return 'drop';
    const verdict = this.letOut(type, shown);
    return verdict === 'forward' && shown !== payload ? { replace: shown } : verdict;
  }

  /** Whether what is committed now is transcribed for the policy's sake alone. */
  get transcribesForPolicy(): boolean {
    return this.conduct.transcribesForPolicy;
  }

  /**
   * The session is over. What is held back goes if its response has ended and all of it was judged and may be heard; nothing
   * of what is said after that. Verdicts that are under way are waited for, no longer than `LAST_VERDICTS_MS_MAX`.
   * @param isHeard whether anybody is there to hear it. @returns resolves when nothing is held back any more.
   */
  async close(isHeard: boolean): Promise<void> {
    this.isClosed = true;
    this.conduct.close();
    this.delayed.stop();
    if (isHeard && !this.delayed.isEmpty && !this.verdicts.isEmpty)
      await this.verdicts.none(LAST_VERDICTS_MS_MAX, this.ports.startTimer);
    const isUnfit = (id: string): boolean => !this.output.isWhole(id) || this.verdicts.has(id);
    const unfit = this.delayed.events.some(({ responseId }) => responseId !== null && isUnfit(responseId));
    // What names no response is an item, of whichever.
    const mayGo = ({ responseId }: BlockedEvent): boolean => (responseId === null ? !unfit : !isUnfit(responseId));
    const dropped = this.delayed.finish(mayGo);
    if (dropped > 0 && isHeard) this.ports.droppedAtEnd(dropped);
  }

  private follow(): void {
    const current = this.current();
    if (current === this.gate) return;
    this.gate = current;
    this.pipeline = new Pipeline(current.bindings, this.ports.context, this.ports.startTimer, this.ports.passed);
    this.judged = kindsJudged(current.bindings);
    this.conduct.follow(this.judged);
  }

  private get judgesOutput(): boolean {
    return this.judged.has('output_text') || this.judged.has('tool_arguments');
  }

  private get holdsBack(): boolean {
    // What comes after what waits must wait as well, also when the policy has changed meanwhile.
    return this.gate.policy.output.holdBackMs > 0 || !this.delayed.isEmpty;
  }

  /** What was said goes on at once where the policy does not hold it back; a call that was made cannot be stopped. */
  private mustHold({ isCall }: BlockedEvent): boolean {
    return this.holdsBack || (isCall && this.verdicts.areAwaited);
  }

  /** Audio comes in many messages a second: one of them is told for all. */
  private refuse(type: string, payload: Buffer): GateVerdict {
    const isAudio = type === APPEND;
    if (!isAudio || !this.isDeaf) this.ports.tellBlocked('client', questionOf(payload));
    this.isDeaf ||= isAudio;
    return 'drop';
  }

  private letIn(judged: JudgedEvent, by: GatePolicy): GateVerdict {
    this.tell(judged, by);
    if (stopsContent(judged.action)) {
      this.blocked('client', judged.event.eventId, judged.action === 'end');
      return 'drop';
    }
    return judged.action === 'redact' ? { replace: judged.event.payload() } : 'forward';
  }

  /** What may go upstream, as the policy sends it there. */
  private letGo(type: string, payload: Buffer, verdict: GateVerdict): GateVerdict {
    if (verdict === 'drop') return verdict;
    const judged = verdict === 'forward' ? payload : verdict.replace;
    const upstream = this.conduct.fromClient(type, judged);
    if (upstream === null) return 'drop';
    return upstream === payload ? 'forward' : { replace: upstream };
  }

  /**
   * With a hold-back the message waits its time, and for the verdicts of hooks that fail closed; without one, only calls of
   * tools wait for those: what is said goes on at once, and a verdict that comes later stops what follows. Answers to a
   * caller's words wait, if the policy says so.
   */
  private judgeSaid(event: GatedEvent): void {
    const words = event.responseId === null ? event.itemId : null;
    if (words !== null) this.conduct.judging(words);
    const by = this.gate;
    const judged = judgeEvent(this.pipeline, event);
    if (!(judged instanceof Promise)) return this.act(asSaid(judged), by);
    const { responseId } = event;
    const given = responseId === null ? null : this.verdicts.began(responseId, failsClosed(event, by));
    void judged.then((each) => {
      this.act(asSaid(each), by);
      given?.();
      this.delayed.proceed();
    });
  }

  /** Audio that answers cannot wait for, as no transcript of it will come: the policy's failure rule decides at once. */
  private blocksUnheard(type: string, payload: Buffer): boolean {
    const unheard = this.conduct.unheard(type, payload);
    if (unheard === null) return false;
    const isBlocked = this.gate.policy.input.onFailure === 'closed';
    this.ports.unjudged({ itemId: unheard.itemId, why: 'not_transcribed', isBlocked }, this.gate);
    if (isBlocked) this.blocked('unheard', unheard.eventId, false);
    return isBlocked;
  }

  /** @param by the policy that was asked; another may be in force by now. */
  private act(judged: JudgedEvent, by: GatePolicy): void {
    this.tell(judged, by);
    const { action, event } = judged;
    // A verdict for a session that is over is told, and nothing else, unless what it is about can still be kept back.
    if (this.isClosed && this.delayed.isEmpty) return;
    const { responseId, itemId } = event;
    if (action === 'pass' || action === 'flag') {
      if (responseId === null && itemId !== null) this.conduct.passed(itemId);
      return;
    }
    if (responseId !== null) {
      if (!this.output.block(responseId, itemId)) return;
      this.delayed.block((each) => this.output.isOf(each));
      // What the app has and has not played is part of it.
      if (this.output.heard.isHeard(responseId))
        this.ports.toClient(Buffer.from(this.ports.words.audioCleared(responseId)));
    } else if (itemId !== null && !this.conduct.block(itemId)) return;
    this.blocked('upstream', responseId ?? itemId, action === 'end');
  }

  private letOut(type: string, payload: Buffer): GateVerdict | Promise<GateVerdict> {
    if (!RESPONSE.test(type) && !ITEM.test(type)) return 'forward';
    // The tail of a session that is over is metered; what is said in it would go out unjudged.
    if (this.isClosed && this.holdsBack) return 'drop';
    const isCalm = !this.output.isActive && !this.holdsBack && !this.gate.isShut && !this.verdicts.areAwaited;
    if (isCalm && !ALWAYS.has(type)) return 'forward';
    const event = withoutWhatWasSaid(payload);
    if (event === null) return 'forward';
    const isBlocked = this.gate.isShut === true || this.output.isOf(event);
    this.output.passed(event);
    const left = isBlocked ? event.rest : payload;
    if (left === null) return 'drop';
    if (!this.mustHold(event)) {
      this.goesOut(left, event);
      return isBlocked ? { replace: left } : 'forward';
    }
    const mustWait = this.verdicts.awaitedBy(event.responseId, event.type === AUDIO);
    const room = this.delayed.add({ payload: left, event, mustWait });
    return room === null ? 'drop' : room.then(() => 'drop' as const);
  }

  private goesOut(payload: Buffer, { type, responseId }: BlockedEvent): void {
    if (type === AUDIO) this.output.heard.audio(payload.length, responseId);
  }

  private remember({ places }: GatedEvent): void {
    if (this.gate.policy.content === null) this.excerpts = null;
    else (this.excerpts ??= new Excerpts()).passed(places);
  }

  private tell({ event: { itemId, responseId }, heard }: JudgedEvent, by: GatePolicy): void {
    if (heard.length === 0) return;
    const findings = heard.map((each) => {
      const excerpt = this.excerpts?.around(each) ?? null;
      return { word: each.word, kind: each.place.piece.kind, itemId, responseId, excerpt };
    });
    this.ports.found(findings, by);
  }

  private unjudged(itemId: string, why: Unjudged, isBlocked: boolean): void {
    this.ports.unjudged({ itemId, why, isBlocked }, this.gate);
    if (isBlocked && this.conduct.block(itemId)) this.blocked('unjudged', itemId, false);
  }

  private blocked(what: BlockedThing, about: string | null, mustEnd: boolean): void {
    this.blocks += 1;
    this.ports.tellBlocked(what, about);
    const { blocksMax } = this.gate.policy;
    if (mustEnd || (blocksMax !== null && this.blocks >= blocksMax)) this.ports.end();
  }
}

/** Whether a hook that fails closed judges it. */
function failsClosed({ places }: GatedEvent, { bindings }: GatePolicy): boolean {
  const closed = bindings.filter(({ onFailure, dryRun }) => onFailure === 'closed' && !dryRun);
  const judged = kindsJudged(closed);
  return places.some(({ piece }) => judged.has(piece.kind));
}
