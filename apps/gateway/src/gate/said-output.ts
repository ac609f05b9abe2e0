// What the model says, on its way to the app: it goes on as it came, waits for its time or for verdicts, or is stopped with
// its response. Guarantees the order of what is said, and that nothing goes on of a response that is blocked, nor of what waited
// here when its hearer interrupted it.
// Leaves to others: judging, and what a verdict leads to.
import { APP_STOPS, stopOf, withoutWhatWasSaid, type BlockedEvent } from '@trunkline/providers/adapters/openai';
import { BlockedOutput, type Stop } from './blocked-output.js';
import { DelayLine } from './delay-line.js';
import type { GatePolicy, GatePorts, GateVerdict } from './gate-ports.js';
import { Interruptions } from './interruptions.js';
import { VerdictsDue } from './verdicts-due.js';

/** What it needs of its session. */
export interface SaidOutputPorts extends Pick<
  GatePorts,
  'veil' | 'words' | 'toUpstream' | 'toClient' | 'nowMs' | 'startTimer' | 'droppedAtEnd' | 'end'
> {
  /** The one in force. */
  readonly policy: () => GatePolicy;
  /** Whether any verdict can stop anything: nothing is held back where none can. */
  readonly isJudged: () => boolean;
}

/** From the end of a session until what is held back and has no verdict is dropped: who is cut must be cut within two seconds. */
const LAST_VERDICTS_MS_MAX = 1_000;
const RESPONSE = /^response\./;
const ITEM = /^conversation\.item\.(added|created|done|retrieved)$/;
const AUDIO = 'response.output_audio.delta';
const BEGIN = 'response.created';
const END = 'response.done';
const SPEECH = 'input_audio_buffer.speech_started';
// An app may ask for an item while it is held back, or until it is taken out of the conversation.
const RETRIEVED = 'conversation.item.retrieved';
// What is looked at also while nothing is blocked or held back.
const ALWAYS = new Set([END, AUDIO, RETRIEVED]);
/** Which responses run, and what they made, for a verdict that comes when they are over. */
export const OUTPUT_MARKS: ReadonlySet<string> = new Set([BEGIN, END, RETRIEVED]);

/** The output of one session. */
export class SaidOutput {
  private readonly stopped: BlockedOutput;
  private readonly delayed: DelayLine;
  private readonly interruptions: Interruptions;
  private readonly verdicts = new VerdictsDue();
  private isClosed = false;

  constructor(private readonly ports: SaidOutputPorts) {
    const { veil, words, toUpstream, nowMs, startTimer } = ports;
    this.stopped = new BlockedOutput({ words, toUpstream, tooMany: ports.end });
    const send = (payload: Buffer, event: BlockedEvent): void => {
      this.goesOut(payload, event);
      ports.toClient(payload);
    };
    this.delayed = new DelayLine(() => this.holdBackMs, { nowMs, startTimer, send });
    this.interruptions = new Interruptions({
      line: this.delayed,
      isOver: (responseId) => this.stopped.isWhole(responseId),
      truncate: (itemId, heardMs) => toUpstream(words.truncateItem(itemId, heardMs)),
      bytesPerMs: () => veil.spokenBytesPerMs,
    });
  }

  /** Whether it must see messages of this type. */
  interest(type: string): 'pass' | 'note' | 'hold' {
    const isOutput = RESPONSE.test(type) || ITEM.test(type);
    if (isOutput && (this.stopped.isActive || this.holdsBack || this.isShut)) return 'hold';
    // It may hold a call.
    if (isOutput && type !== AUDIO && this.verdicts.areAwaited) return 'hold';
    if (type === AUDIO) return this.stopped.heard.mustBeTold ? 'hold' : 'note';
    if (type === SPEECH) return this.delayed.isEmpty ? 'pass' : 'note';
    return type === BEGIN ? 'note' : 'pass';
  }

  /** Whether it must see a message of the app's. */
  clientInterest(type: string): 'pass' | 'hold' {
    return APP_STOPS.has(type) && !this.delayed.isEmpty ? 'hold' : 'pass';
  }

  /** A message of the app's goes upstream. */
  fromClient(type: string, payload: Buffer): void {
    const stop = this.clientInterest(type) === 'hold' ? stopOf(payload) : null;
    if (stop !== null) this.interruptions.stopped(stop);
  }

  /** A message went by that is only noted. @param bytes its size. @returns whether it was one of output. */
  noted(type: string, bytes: number): boolean {
    if (type === AUDIO) this.stopped.heard.audio(bytes, null);
    else if (type === BEGIN) this.stopped.heard.began(null);
    else if (type === SPEECH) this.speechStarted();
    else return false;
    return true;
  }

  /** A message comes that is looked at, before it is judged. */
  comes(type: string, payload: Buffer): void {
    if (type === BEGIN) this.stopped.heard.began(withoutWhatWasSaid(payload)?.responseId ?? null);
    if (type === SPEECH) this.speechStarted();
  }

  /** A verdict about a response is under way. @param isAwaited what it is about may not go without it. @returns see `VerdictsDue`. */
  judging(responseId: string, isAwaited: boolean): () => void {
    const given = this.verdicts.began(responseId, isAwaited);
    return () => {
      given();
      this.delayed.proceed();
    };
  }

  /** Stops a response. False when it is stopped already. */
  block(responseId: string, why: Stop): boolean {
    if (!this.stopped.block(responseId, why)) return false;
    this.delayed.block((each) => this.stopped.isOf(each));
    // What the app has and has not played is part of it.
    if (this.stopped.heard.isHeard(responseId))
      this.ports.toClient(Buffer.from(this.ports.words.audioCleared(responseId)));
    return true;
  }

  /** What becomes of a message of the upstream. */
  letOut(type: string, payload: Buffer): GateVerdict | Promise<GateVerdict> {
    if (!RESPONSE.test(type) && !ITEM.test(type)) return 'forward';
    // The tail of a session that is over is metered; what is said in it would go out unjudged.
    if (this.isClosed && this.holdsBack) return 'drop';
    const isCalm = !this.stopped.isActive && !this.holdsBack && !this.isShut && !this.verdicts.areAwaited;
    if (isCalm && !ALWAYS.has(type)) return 'forward';
    const event = withoutWhatWasSaid(payload);
    if (event === null) return 'forward';
    const isBlocked = this.isShut || this.stopped.isOf(event);
    this.stopped.passed(event);
    const left = isBlocked ? event.rest : payload;
    if (left === null) return 'drop';
    if (!this.mustHold(event)) {
      this.goesOut(left, event);
      return isBlocked ? { replace: left } : 'forward';
    }
    const mustWait = this.verdicts.awaitedBy(event.responseId, event.type === AUDIO);
    this.interruptions.comes(event);
    const room = this.delayed.add({ payload: left, event, mustWait });
    return room === null ? 'drop' : room.then(() => 'drop' as const);
  }

  /** The session is over and nothing can be kept back any more. */
  get isOver(): boolean {
    return this.isClosed && this.delayed.isEmpty;
  }

  /** See `GateSession.close`. */
  async close(isHeard: boolean): Promise<void> {
    this.isClosed = true;
    this.delayed.stop();
    if (isHeard && !this.delayed.isEmpty && !this.verdicts.isEmpty)
      await this.verdicts.none(LAST_VERDICTS_MS_MAX, this.ports.startTimer);
    const isUnfit = (id: string): boolean => !this.stopped.isWhole(id) || this.verdicts.has(id);
    const unfit = this.delayed.events.some(({ responseId }) => responseId !== null && isUnfit(responseId));
    // What names no response is an item, of whichever.
    const mayGo = ({ responseId }: BlockedEvent): boolean => (responseId === null ? !unfit : !isUnfit(responseId));
    const dropped = this.delayed.finish(mayGo);
    if (dropped > 0 && isHeard) this.ports.droppedAtEnd(dropped);
  }

  private get isShut(): boolean {
    return this.ports.policy().isShut === true;
  }

  private get holdsBack(): boolean {
    // What comes after what waits must wait as well, also when the policy has changed meanwhile.
    return this.holdBackMs > 0 || !this.delayed.isEmpty;
  }

  private get holdBackMs(): number {
    return this.ports.isJudged() ? this.ports.policy().policy.output.holdBackMs : 0;
  }

  /** What was said goes on at once where the policy does not hold it back; a call that was made cannot be stopped. */
  private mustHold({ isCall }: BlockedEvent): boolean {
    return this.holdsBack || (isCall && this.verdicts.areAwaited);
  }

  private goesOut(payload: Buffer, event: BlockedEvent): void {
    if (event.type !== AUDIO) return;
    this.stopped.heard.audio(payload.length, event.responseId);
    this.interruptions.goes(event);
  }

  private speechStarted(): void {
    if (this.ports.veil.interrupts) this.interruptions.spokenOver();
  }
}
