// Answers that wait until the words that they answer are judged. Turn detection was told to begin none, so this begins them
// as it would have: one at a time, none for a turn that the caller interrupted by speaking on, and the one that began while
// they spoke is stopped. A question that the app asks by itself waits in the same way. Guarantees: nothing is answered while
// words in the conversation are unjudged, and nothing waits past its deadline: then the policy's failure rule decides.
// Leaves to others: judging, taking blocked items out of the conversation, and whatever must be said before any answer.
import type { StartTimer } from '@trunkline/moderation';
import { CommitsUnderWay } from './commits-under-way.js';

/** Why words have no verdict. */
export type Unjudged = 'not_transcribed' | 'transcription_failed' | 'late';

/** An app's `response.create`. */
export interface Question {
  readonly payload: Buffer;
  /** By which a refusal names it. */
  readonly eventId: string;
  /** The id that the app gave it; null: none. */
  readonly ownId: string | null;
  /** False: its answer stands beside the conversation. It reads the words in it all the same, and answers no turn. */
  readonly isInConversation: boolean;
}

/** A piece of the caller's audio that became an item. */
export interface CommittedWords {
  readonly itemId: string;
  /** A turn that ended now is ours to answer. */
  readonly answersAreOurs: boolean;
  readonly mustBeJudged: boolean;
  readonly isTranscribed: boolean;
}

/** What held answers need of the world. */
export interface HeldAnswersPorts {
  readonly startTimer: StartTimer;
  readonly nowMs: () => number;
  /** An answer in the conversation is asked for after so many milliseconds. */
  readonly answerHeld: (ms: number) => void;
  readonly deadlineMs: () => number;
  /** Begins what must be said before any answer; true when it has been. Whoever says false calls `settle` later. */
  readonly isFirst: () => boolean;
  /** A name for an event of ours. */
  readonly nextEventId: () => string;
  /** Asks the upstream for an answer. Resolves false when there may be none. Never rejects. */
  readonly ask: (eventId: string) => Promise<boolean>;
  /** Puts an app's question; resolves when it is on its way, false when it may not be. Never rejects. */
  readonly put: (question: Question) => Promise<boolean>;
  /** Tells the app that its question is not put. */
  readonly refuse: (question: Question) => void;
  readonly cancel: (responseId: string) => void;
  /** Words have no verdict and will get none that counts. @returns whether they are blocked for that. */
  readonly unjudged: (itemId: string, why: Unjudged) => boolean;
}

interface Words {
  readonly isTurn: boolean;
  readonly callOff: () => void;
  /** Verdicts that are under way. */
  judging: number;
  hasEnded: boolean;
}

/** A question that the upstream has not begun to answer. */
interface Asked {
  readonly eventId: string;
  readonly callOff: () => void;
  /** Of the app's: the turns that its answer was to answer as well. Null: it is one of ours. */
  readonly turns: readonly string[] | null;
}

// More turns than these do not end within a deadline.
const WORDS_MAX = 64;
// The upstream begins an answer within a second or two of the question, or says why not.
const ASKED_MS_MAX = 10_000;

/** The answers of one session. */
export class HeldAnswers {
  private readonly unjudged = new Map<string, Words>();
  /** Items that turn detection is about to commit. */
  private readonly ending = new Map<string, 'speech' | 'silence'>();
  /** Turns that are to be answered. */
  private readonly due = new Set<string>();
  private readonly commitsUnderWay: CommitsUnderWay;
  private kept: { readonly question: Question; readonly callOff: () => void; isPut: boolean } | null = null;
  private readonly forFree: (() => void)[] = [];
  private asked: Asked | null = null;
  private active: string | null = null;
  /** Since when the next answer waits. */
  private sinceMs: number | null = null;
  private isInterrupted = false;
  private isOver = false;

  constructor(private readonly ports: HeldAnswersPorts) {
    const { startTimer } = ports;
    this.commitsUnderWay = new CommitsUnderWay({ startTimer, givenUp: () => this.settle() });
  }

  /** Something waits, or is about to be answered: turns must be followed until it is not. */
  get isBusy(): boolean {
    return this.unjudged.size + this.due.size + this.ending.size > 0 || this.kept !== null || this.asked !== null;
  }

  /** A question of the app's waits: what the app sends behind it must as well, but for audio. */
  get isKeeping(): boolean {
    return this.kept !== null;
  }

  /** Resolves when no question waits. */
  untilFree(): Promise<void> {
    return this.kept === null ? Promise.resolve() : new Promise((resolve) => this.forFree.push(resolve));
  }

  /** The app asks. True: its question is kept here until it may be put. */
  keeps(question: Question): boolean {
    if (!this.waits && this.ports.isFirst()) return false;
    const callOff = this.ports.startTimer(this.ports.deadlineMs(), () => this.giveUp());
    this.kept = { question, callOff, isPut: false };
    if (question.isInConversation) this.sinceMs ??= this.ports.nowMs();
    return true;
  }

  /** The app commits audio: which item it becomes is yet to be heard. @param eventId by which a refusal names it. */
  commits(eventId: string): void {
    if (!this.isOver) this.commitsUnderWay.began(eventId);
  }

  speechStarted(interrupts: boolean): void {
    if (!interrupts) return;
    this.due.clear();
    if (!this.keepsAnAnswer) this.sinceMs = null;
    // Turn detection would have stopped the answer that is asked for and has not begun.
    this.isInterrupted = this.asked !== null || this.keepsAnAnswer;
  }

  turnEnded(itemId: string, by: 'speech' | 'silence'): void {
    forgetOldest(this.ending);
    this.ending.set(itemId, by);
  }

  committed({ itemId, answersAreOurs, mustBeJudged, isTranscribed }: CommittedWords): void {
    if (this.isOver) return;
    const by = this.ending.get(itemId);
    this.ending.delete(itemId);
    if (by === undefined) this.commitsUnderWay.taken();
    const isTurn = by !== undefined && answersAreOurs;
    if (isTurn) {
      this.due.add(itemId);
      this.sinceMs ??= this.ports.nowMs();
    }
    // A question that is put after this turn answers it as well, and is not what the turn interrupted.
    if (isTurn && this.asked === null) this.isInterrupted = false;
    // Nobody spoke, and the upstream may answer that by itself.
    if (mustBeJudged && by !== 'silence') this.expect(itemId, isTurn, isTranscribed);
    this.settle();
  }

  /** A verdict about an item's words is under way. */
  judging(itemId: string): void {
    const words = this.unjudged.get(itemId);
    if (words) words.judging += 1;
  }

  /** A verdict that lets words through. */
  passed(itemId: string): void {
    const words = this.unjudged.get(itemId);
    if (!words) return;
    words.judging -= 1;
    this.endIfJudged(itemId, words);
  }

  /** An item is blocked. @returns whether somebody waited for an answer to it. */
  blocked(itemId: string): boolean {
    const words = this.take(itemId);
    const wasDue = this.due.delete(itemId);
    if (this.due.size === 0 && !this.keepsAnAnswer) this.sinceMs = null;
    const { kept } = this;
    const isAsked = words?.isTurn === false && kept !== null && !kept.isPut;
    if (isAsked) {
      if (kept.question.isInConversation) this.isInterrupted = false;
      this.release();
      this.ports.refuse(kept.question);
    }
    this.settle();
    return wasDue || isAsked;
  }

  /** No more of an item's transcript will come. */
  transcriptEnded(itemId: string, hasFailed: boolean): void {
    const words = this.unjudged.get(itemId);
    if (!words) return;
    words.hasEnded = true;
    if (hasFailed) this.fail(itemId, 'transcription_failed');
    else this.endIfJudged(itemId, words);
  }

  /** An answer begins in the conversation. */
  began(responseId: string): void {
    this.active = responseId;
    this.answered();
    if (!this.isInterrupted && this.unjudged.size === 0) return;
    // It reads words that nobody had judged when it was asked for: it is begun anew when they are.
    if (!this.isInterrupted) this.due.add(responseId);
    this.isInterrupted = false;
    this.ports.cancel(responseId);
  }

  /** An answer in the conversation is over. */
  ended(): void {
    this.active = null;
    this.settle();
  }

  /**
   * The upstream refused an event. `isBusy`: an answer is running, after which a turn that is due is answered. Whether a
   * question of the app's is asked again is the app's business.
   */
  refused(eventId: string, isBusy: boolean): void {
    if (this.commitsUnderWay.refused(eventId)) return this.settle();
    const { asked } = this;
    if (asked?.eventId !== eventId) return;
    const turns = this.isInterrupted && asked.turns !== null ? [] : asked.turns;
    this.answered();
    this.isInterrupted = false;
    for (const turn of turns ?? (isBusy ? [eventId] : [])) this.due.add(turn);
    if (!isBusy) this.settle();
  }

  /** Answers what may be answered by now. */
  settle(): void {
    if (this.isOver || this.waits || (this.kept === null && this.due.size === 0) || !this.ports.isFirst()) return;
    if (this.kept !== null) return this.put(this.kept);
    if (this.active !== null || this.asked !== null) return;
    this.due.clear();
    const eventId = this.ports.nextEventId();
    this.asks(eventId, null, this.ports.ask(eventId));
  }

  /** The session is over: nothing is asked any more, whatever the upstream still says. */
  close(): void {
    this.isOver = true;
    for (const { callOff } of this.unjudged.values()) callOff();
    this.unjudged.clear();
    this.due.clear();
    this.commitsUnderWay.clear();
    this.answered();
    this.release();
  }

  private get waits(): boolean {
    return this.unjudged.size > 0 || this.commitsUnderWay.areAny;
  }

  /** A question waits whose answer is one in the conversation. */
  private get keepsAnAnswer(): boolean {
    return this.kept?.question.isInConversation === true;
  }

  private expect(itemId: string, isTurn: boolean, isTranscribed: boolean): void {
    const [oldest] = this.unjudged.size >= WORDS_MAX ? this.unjudged.keys() : [];
    if (oldest !== undefined) this.fail(oldest, 'late');
    const callOff = this.ports.startTimer(this.ports.deadlineMs(), () => this.fail(itemId, 'late'));
    this.unjudged.set(itemId, { isTurn, callOff, judging: 0, hasEnded: false });
    if (!isTranscribed) this.fail(itemId, 'not_transcribed');
  }

  private endIfJudged(itemId: string, { judging, hasEnded }: Words): void {
    if (judging > 0 || !hasEnded) return;
    this.take(itemId);
    this.settle();
  }

  private fail(itemId: string, why: Unjudged): void {
    // Blocked: whoever was told calls `blocked`, and it is taken there.
    if (this.ports.unjudged(itemId, why)) return;
    this.take(itemId);
    this.settle();
  }

  private giveUp(): void {
    this.commitsUnderWay.clear();
    for (const itemId of [...this.unjudged.keys()]) this.fail(itemId, 'late');
    this.settle();
  }

  private take(itemId: string): Words | null {
    const words = this.unjudged.get(itemId) ?? null;
    words?.callOff();
    this.unjudged.delete(itemId);
    return words;
  }

  private put(kept: NonNullable<typeof this.kept>): void {
    if (kept.isPut) return;
    kept.isPut = true;
    const { question } = kept;
    // It reads the whole conversation, so it answers the turns that are due as well; one beside it leaves them due.
    const turns = [...this.due];
    if (question.isInConversation) this.due.clear();
    const put = this.ports.put(question);
    if (question.isInConversation) this.asks(question.eventId, turns, put);
    void put.then(() => {
      this.release();
      this.settle();
    });
  }

  private release(): void {
    this.kept?.callOff();
    this.kept = null;
    for (const resolve of this.forFree.splice(0)) resolve();
  }

  private asks(eventId: string, turns: Asked['turns'], answer: Promise<boolean>): void {
    this.ports.answerHeld(this.ports.nowMs() - (this.sinceMs ?? this.ports.nowMs()));
    this.sinceMs = null;
    const over = (): void => {
      if (this.asked !== asked) return;
      this.isInterrupted = false;
      this.answered();
      this.settle();
    };
    const asked: Asked = { eventId, turns, callOff: this.ports.startTimer(ASKED_MS_MAX, over) };
    this.asked = asked;
    void answer.then((mayBe) => {
      if (!mayBe) over();
    });
  }

  private answered(): void {
    this.asked?.callOff();
    this.asked = null;
  }
}

function forgetOldest(map: Map<string, unknown>): void {
  const [oldest] = map.size >= WORDS_MAX ? map.keys() : [];
  if (oldest !== undefined) map.delete(oldest);
}
