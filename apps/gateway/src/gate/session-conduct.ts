// What a gate does in its session's name, beside judging: settings that the policy demands, answers that wait for verdicts,
// transcripts that only the gate reads, the line that is spoken first. It sees the events of both directions in order and
// says what the other side gets of each. Assumes no socket.
import type { ContentKind, ModerationPolicy, StartTimer } from '@trunkline/moderation';
import type { GateWords, SessionVeil, TurnEvent } from '@trunkline/providers';
import {
  asksInConversation,
  questionOf,
  readTurnEvent,
  SETTINGS_EVENTS,
  SPOKEN_ITEM_EVENTS,
  spokenItem,
  TRANSCRIPT_EVENTS,
  TURN_EVENTS,
  typeOf,
  withEventId,
  withoutRefusedId,
  withoutTranscript,
  type SpokenItem,
} from '@trunkline/providers/adapters/openai';
import { AnswersBegun } from './answers-begun.js';
import { REFUSAL_MARK } from './blocked-output.js';
import { HeldAnswers, type Question, type Unjudged } from './held-answers.js';
import { SpokenLine } from './spoken-line.js';

/** What it needs of the world. */
export interface SessionConductPorts {
  readonly veil: SessionVeil;
  readonly words: GateWords;
  readonly startTimer: StartTimer;
  readonly nowMs: () => number;
  readonly answerHeld: (ms: number) => void;
  readonly toUpstream: (text: string) => void;
  /**
   * Whether a turn may be begun, as budgets see it; the app is told where it may not. Never rejects.
   * @param toldAs the id of its event that the app gets to read.
   */
  readonly mayAsk: (eventId: string | null, toldAs: string | null) => Promise<boolean>;
  /** The app's question is not put: the words that it is about are blocked. */
  readonly refuse: (eventId: string | null) => void;
  /** Stops an answer that reads what is blocked, and has the refusal spoken when it is over. False when it is stopped already. */
  readonly stopAnswer: (responseId: string, refusal: string | null) => boolean;
  /** An item has no verdict in time, and is blocked for that where `isBlocked`. */
  readonly unjudged: (itemId: string, why: Unjudged, isBlocked: boolean) => void;
  /** What the policy demands cannot be had: the session must not go on. */
  readonly unenforceable: (why: 'settings_refused' | 'settings_unknown' | 'line_not_spoken') => void;
}

// What is not an event of a turn passes without a look, while there is nothing to follow.
const APPEND = 'input_audio_buffer.append';
const COMMIT = 'input_audio_buffer.commit';
const QUESTION = 'response.create';
// An app may ask for an old item again; what its tenant's policy transcribed a thousand turns ago is beyond that.
const UNSEEN_MAX = 1_024;
const DELETED_MAX = 64;
// The vendor describes a session within a round trip.
const DESCRIBING_MS_MAX = 10_000;

/** The conduct of one session. */
export class SessionConduct {
  private readonly held: HeldAnswers;
  private readonly line: SpokenLine;
  private readonly answers = new AnswersBegun();
  /** Items whose transcripts the app did not ask for. */
  private readonly unseen = new Set<string>();
  /** Items that were blocked. */
  private readonly deleted = new Set<string>();
  private judgesWords = false;
  /** How the ids begin that we give to events of the app's that have none. */
  private readonly unnamed: string;
  private names = 0;
  private stopJoining: () => void = () => undefined;

  /** @param policy the one in force. */
  constructor(
    private readonly policy: () => ModerationPolicy,
    private readonly ports: SessionConductPorts,
  ) {
    const { words, startTimer, nowMs, answerHeld, toUpstream, mayAsk } = ports;
    this.line = new SpokenLine({
      startTimer,
      line: () => (ports.veil.isConversation ? this.policy().disclosure.spokenLine : null),
      say: (line, mark) => toUpstream(words.speakAside(line, mark)),
      said: () => this.held.settle(),
      failed: () => ports.unenforceable('line_not_spoken'),
    });
    let asked = 0;
    this.unnamed = words.ownEventId('unnamed_');
    this.held = new HeldAnswers({
      startTimer,
      nowMs,
      answerHeld,
      deadlineMs: () => this.policy().input.deadlineMs,
      isFirst: () => this.line.begin(),
      nextEventId: () => words.ownEventId(`answer_${asked++}`),
      ask: (eventId) => this.asked(mayAsk(eventId, null), words.createResponse(eventId)),
      put: ({ payload, eventId, ownId }) => this.asked(mayAsk(eventId, ownId), payload.toString('utf8')),
      refuse: ({ ownId }) => ports.refuse(ownId),
      cancel: (responseId) => toUpstream(words.cancelResponse(responseId)),
      unjudged: (itemId, why) => this.unjudged(itemId, why),
    });
  }

  /** A policy is in force from now on. @param judged what its hooks judge that are not on a dry run. */
  follow(judged: ReadonlySet<ContentKind>): void {
    this.judgesWords = judged.has('input_transcript');
    this.demand();
  }

  /** The session was under way before: what it is must be asked. */
  join(): void {
    for (const text of this.ports.veil.join()) this.ports.toUpstream(text);
    this.stopJoining = this.ports.startTimer(DESCRIBING_MS_MAX, () => {
      if (this.ports.veil.isJoining) this.ports.unenforceable('settings_unknown');
    });
  }

  /** Whether it must see a message of the app. */
  clientInterest(type: string): 'pass' | 'note' | 'hold' {
    if (type === APPEND) return this.line.isAhead ? 'note' : 'pass';
    if (this.held.isKeeping || this.ports.veil.touches(type)) return 'hold';
    if (type === 'unknown' || (this.holds && type === COMMIT)) return 'hold';
    if (this.judgesWords && SPOKEN_ITEM_EVENTS.has(type)) return 'hold';
    return type === QUESTION && !this.line.isSaid ? 'hold' : 'pass';
  }

  /** Whether it must see a message of the upstream. */
  isInterestedIn(type: string): boolean {
    if (SETTINGS_EVENTS.has(type)) return true;
    if (!TURN_EVENTS.has(type) && !TRANSCRIPT_EVENTS.has(type)) return false;
    // Which answer reads which words, for a verdict that comes later.
    if (this.judgesWords && TURN_EVENTS.has(type)) return true;
    return (
      this.hidesTranscripts || this.holds || !this.line.isSaid || this.ports.veil.answersAreOurs || this.held.isBusy
    );
  }

  /** A message of the app went by that is only noted. */
  noted(type: string): void {
    if (type === APPEND && this.line.isAhead) this.line.begin();
  }

  /** Whether a message of the app must wait for a question that it sent before. */
  mustWait(type: string): boolean {
    return this.held.isKeeping && type !== APPEND;
  }

  untilFree(): Promise<void> {
    return this.held.untilFree();
  }

  /** Audio in a message of the app's that nobody will transcribe, where what callers say is judged; null: none. */
  unheard(type: string, payload: Buffer): (SpokenItem & { readonly isWaitedFor: boolean }) | null {
    const item = this.judgesWords && SPOKEN_ITEM_EVENTS.has(type) ? spokenItem(payload) : null;
    return item && { ...item, isWaitedFor: this.holds };
  }

  /** What goes upstream of a message of the app's that may: null: nothing, for now. */
  fromClient(type: string, payload: Buffer): Buffer | null {
    const { veil } = this.ports;
    const veiled = (veil.touches(type) ? veil.fromClient(payload) : null) ?? payload;
    if (type === COMMIT && this.holds) {
      const commit = this.named(veiled);
      this.held.commits(commit.eventId);
      return commit.payload;
    }
    if (type !== QUESTION || (!this.holds && this.line.isSaid)) return veiled;
    const question: Question = { ...this.named(veiled), isInConversation: asksInConversation(veiled) };
    return this.held.keeps(question) ? null : veiled;
  }

  /** An event of the app's with an id by which a refusal names it: the app's, or one of ours that it never sees. */
  private named(payload: Buffer): Omit<Question, 'isInConversation'> {
    const ownId = questionOf(payload);
    if (ownId !== null) return { payload, eventId: ownId, ownId };
    const eventId = `${this.unnamed}${this.names++}`;
    return { payload: withEventId(payload, eventId), eventId, ownId };
  }

  /** What the app gets of a message of the upstream; null: nothing. */
  fromUpstream(sniffed: string, payload: Buffer): Buffer | null {
    const type = sniffed === 'unknown' ? (typeOf(payload) ?? sniffed) : sniffed;
    let shown: Buffer | null = payload;
    if (SETTINGS_EVENTS.has(type)) shown = this.settings(type, payload);
    const turn = TURN_EVENTS.has(type) ? readTurnEvent(payload) : null;
    if (turn !== null && !this.follows(turn)) return null;
    if (turn?.kind === 'refused' && this.isUnnamed(turn.eventId)) return withoutRefusedId(payload);
    if (shown === null || !this.hidesTranscripts || !TRANSCRIPT_EVENTS.has(type)) return shown;
    return withoutTranscript(shown, (itemId) => this.unseen.has(itemId));
  }

  /** Whether what is committed now is transcribed for the policy's sake alone. */
  get transcribesForPolicy(): boolean {
    return this.ports.veil.transcription === 'unseen';
  }

  /** A verdict about a caller's words is under way. */
  judging(itemId: string): void {
    this.held.judging(itemId);
  }

  /** They may stay. */
  passed(itemId: string): void {
    this.held.passed(itemId);
  }

  /** They may not: the item is taken out of the conversation, and an answer to it stopped. False when it was before. */
  block(itemId: string): boolean {
    if (this.deleted.has(itemId)) return false;
    remember(this.deleted, itemId, DELETED_MAX);
    const { words, toUpstream } = this.ports;
    toUpstream(words.deleteItem(itemId));
    const { refusal } = this.policy().input;
    const answer = this.answers.to(itemId);
    const refuses = answer !== null && this.ports.stopAnswer(answer, refusal);
    if (this.held.blocked(itemId) && !refuses && refusal !== null) toUpstream(words.speakAside(refusal, REFUSAL_MARK));
    return true;
  }

  close(): void {
    this.stopJoining();
    this.line.close();
    this.held.close();
  }

  private get holds(): boolean {
    return this.judgesWords && this.policy().input.holdAnswers && this.ports.veil.isConversation;
  }

  private isUnnamed(eventId: string | null): boolean {
    return eventId?.startsWith(this.unnamed) === true;
  }

  private get hidesTranscripts(): boolean {
    return this.unseen.size > 0 || this.transcribesForPolicy;
  }

  private demand(): void {
    const { input, disclosure } = this.policy();
    const say = this.ports.veil.demand({
      // Stays so when the line has been said: a change of turn detection could cut a turn that is being spoken.
      answersHeld: (this.judgesWords && input.holdAnswers) || disclosure.spokenLine !== null,
      transcription: this.judgesWords && input.transcription.turnOn ? input.transcription : null,
      preamble: disclosure.instruction,
    });
    if (say !== null) this.ports.toUpstream(say);
  }

  private settings(type: string, payload: Buffer): Buffer | null {
    const { payload: shown, say, isRefused } = this.ports.veil.fromUpstream(payload);
    if (say !== null) this.ports.toUpstream(say);
    if (isRefused) this.ports.unenforceable('settings_refused');
    // The app has configured its session: voice and formats are what it wants.
    if (type === 'session.updated' && shown !== null) this.line.begin();
    return shown;
  }

  /** @returns whether the event is the app's to see. */
  private follows(turn: TurnEvent): boolean {
    const { held, line } = this;
    switch (turn.kind) {
      case 'speech_started':
        held.speechStarted(this.ports.veil.interrupts);
        break;
      case 'turn_ended':
        held.turnEnded(turn.itemId, turn.by);
        break;
      case 'committed':
        this.committed(turn.itemId);
        break;
      case 'transcript_ended':
        held.transcriptEnded(turn.itemId, turn.hasFailed);
        break;
      case 'response_began':
        if (!turn.isInConversation) break;
        this.answers.began(turn.id);
        held.began(turn.id);
        break;
      case 'response_ended':
        if (turn.mark !== null) line.ended(turn.mark, turn.isComplete);
        if (turn.isInConversation) held.ended();
        break;
      case 'refused':
        if (turn.eventId !== null) held.refused(turn.eventId, turn.isBusy);
        return !turn.isOurs || this.isUnnamed(turn.eventId);
    }
    return true;
  }

  private committed(itemId: string): void {
    const { veil } = this.ports;
    if (this.transcribesForPolicy) remember(this.unseen, itemId, UNSEEN_MAX);
    this.answers.committed(itemId);
    this.held.committed({
      itemId,
      answersAreOurs: veil.answersAreOurs,
      mustBeJudged: this.holds,
      isTranscribed: veil.transcription !== 'none',
    });
  }

  private unjudged(itemId: string, why: Unjudged): boolean {
    const isBlocked = this.policy().input.onFailure === 'closed';
    this.ports.unjudged(itemId, why, isBlocked);
    return isBlocked;
  }

  private async asked(mayBe: Promise<boolean>, question: string): Promise<boolean> {
    const may = await mayBe;
    if (may) this.ports.toUpstream(question);
    return may;
  }
}

function remember(ids: Set<string>, id: string, max: number): void {
  const [oldest] = ids.size >= max ? ids : [];
  if (oldest !== undefined) ids.delete(oldest);
  ids.add(id);
}
