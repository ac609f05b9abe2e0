// What becomes of output that is held back when its hearer wants no more of it: the caller speaks over the answer, the app
// cancels it or says how much of it was played, or it ends cancelled. What was to be heard leaves the line unheard, as it
// would leave an app's own buffer; how the response ended stays, in order. Of what an app never got it cannot say that it was
// not played: the vendor hears that from here. What is spoken beside the conversation is left alone, for turn detection does
// not stop it either.
import type { AppStop, BlockedEvent } from '@trunkline/providers/adapters/openai';
import type { DelayLine } from './delay-line.js';

/** What interruptions need of their session. */
export interface InterruptionsPorts {
  readonly line: Pick<DelayLine, 'takeOut'>;
  /** Whether a response has ended upstream, and its items stay. */
  readonly isOver: (responseId: string) => boolean;
  /** No more than this was heard of an item. */
  readonly truncate: (itemId: string, heardMs: number) => void;
  /** Of the model's audio. */
  readonly bytesPerMs: () => number;
}

// What is held back of one session at a time, with room.
const RESPONSES_MAX = 64;

/** An answer in the conversation that was seen from its beginning. */
interface Answer {
  /** Bytes of audio that went to the app, by item. */
  readonly sent: Map<string, number>;
  /** Items that were cut off, and are to be truncated when it is over. */
  readonly cut: Set<string>;
}

/** Those of one session. Bounded: of an answer that is forgotten nothing is taken out. */
export class Interruptions {
  private readonly answers = new Map<string, Answer>();

  constructor(private readonly ports: InterruptionsPorts) {}

  /** An event of output comes that is held back. */
  comes({ type, responseId, isAside, isCancelled }: BlockedEvent): void {
    if (responseId === null) return;
    if (type === 'response.created' && !isAside) this.begins(responseId);
    if (type !== 'response.done') return;
    if (isCancelled) this.takeOut((event) => event.responseId === responseId);
    this.truncate();
    this.answers.get(responseId)?.cut.clear();
  }

  /** An event of output goes to the app. */
  goes({ responseId, items: [item], audioBytes }: BlockedEvent): void {
    const sent = this.answerOf(responseId)?.sent;
    if (item !== undefined && audioBytes > 0) sent?.set(item.id, (sent.get(item.id) ?? 0) + audioBytes);
  }

  /** The caller begins to speak, and what the model says gives way. */
  spokenOver(): void {
    this.takeOut(({ responseId }) => this.answerOf(responseId) !== undefined);
    this.truncate();
  }

  /** The app wants no more of an answer, or of an item. */
  stopped({ responseId, itemId }: AppStop): void {
    // How much of an item was heard the app says itself.
    if (itemId !== null)
      this.ports.line.takeOut((event) => isSpeech(event) && event.items.some(({ id }) => id === itemId));
    else if (responseId === null) this.spokenOver();
    else {
      this.takeOut((event) => event.responseId === responseId);
      this.truncate();
    }
  }

  private begins(responseId: string): void {
    const [oldest] = this.answers.size >= RESPONSES_MAX ? this.answers.keys() : [];
    if (oldest !== undefined) this.answers.delete(oldest);
    this.answers.set(responseId, { sent: new Map(), cut: new Set() });
  }

  private answerOf(responseId: string | null): Answer | undefined {
    return responseId === null ? undefined : this.answers.get(responseId);
  }

  private takeOut(isUnwanted: (event: BlockedEvent) => boolean): void {
    const taken = this.ports.line.takeOut((event) => isSpeech(event) && isUnwanted(event));
    for (const { responseId, items, audioBytes } of taken)
      if (audioBytes > 0) for (const { id } of items) this.answerOf(responseId)?.cut.add(id);
  }

  private truncate(): void {
    for (const [responseId, { sent, cut }] of this.answers) {
      if (cut.size === 0 || !this.ports.isOver(responseId)) continue;
      for (const id of cut) this.ports.truncate(id, Math.ceil((sent.get(id) ?? 0) / this.ports.bytesPerMs()));
      cut.clear();
    }
  }
}

/** A piece of what is spoken or written; a call of a tool is made whoever speaks. */
function isSpeech({ rest, isCall }: BlockedEvent): boolean {
  return rest === null && !isCall;
}
