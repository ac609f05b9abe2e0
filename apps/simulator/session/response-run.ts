// One response from response.created to response.done: pacing, limits, stopping. Guarantees the order of facts 3.4,
// exactly one end, and usage that counts what was generated until the stop; leaves what to say to reply.ts and who may
// start a response to responses.ts.
import { shorten, speak, type SpeechPiece } from '../audio/tracks.js';
import type { AudioChunk } from '../audio/clips.js';
import type { ResponseRecord } from '../books-records.js';
import type { Cancel } from '../clock.js';
import { outputAudioTokens, textTokens, usageOf, type ResponseUsage, type Tokens } from '../tokens/usage.js';
import { emit, type SessionContext } from './context.js';
import { entryOf, type Entry } from './conversation.js';
import type { Item, ItemStatus } from './items.js';
import type { Reply } from './reply.js';
import {
  assistantItem,
  audioDeltaFrame,
  contentPart,
  itemEvent,
  outputItemEvent,
  place,
  responseCreated,
  responseDone,
  type ResponseShape,
  type StatusDetails,
} from './response-events.js';

/** Everything decided before the run begins. */
export interface RunPlan {
  readonly shape: ResponseShape;
  readonly reply: Reply;
  readonly input: Tokens;
  readonly cached: Tokens;
  readonly outputTokensMax: number;
  /** Set when the response is to fail instead of answering. */
  readonly failure: Extract<StatusDetails, { type: 'failed' }> | null;
}

/** A piece of output and when it is due, counted from the first delta. */
type Step = { readonly dueMs: number } & (
  { readonly kind: 'text'; readonly text: string } | { readonly kind: 'audio'; readonly chunk: AudioChunk }
);

/** A client that does not read: audio waits and looks again after this long. */
const RETRY_MS = 20;

/** A response in progress. */
export class ResponseRun {
  readonly plan: RunPlan;
  readonly record: ResponseRecord;
  readonly #context: SessionContext;
  readonly #onEnd: (run: ResponseRun) => void;
  readonly #itemId: string;
  readonly #callId: string;
  #entry: Entry | null = null;
  #steps: Iterator<Step> | null = null;
  #next: Step | null = null;
  #startedAt = 0;
  #text = '';
  #audioMs = 0;
  #chunks: AudioChunk[] = [];
  #cancelTimer: Cancel | null = null;
  #ended = false;

  constructor(context: SessionContext, plan: RunPlan, onEnd: (run: ResponseRun) => void) {
    this.#context = context;
    this.plan = plan;
    this.#onEnd = onEnd;
    this.#itemId = context.ids.item();
    this.#callId = context.ids.call();
    const { shape } = plan;
    this.record = context.books.response(context.record, shape.id, context.model.id, shape.conversationId === null);
  }

  get id(): string {
    return this.plan.shape.id;
  }

  /** The output's entry once it exists; it is in the conversation unless the response is out-of-band. */
  get entry(): Entry | null {
    return this.#entry;
  }

  /** When the audio sent so far will have been played, if the client plays from the first delta on. */
  get playedUntil(): number {
    return this.#startedAt + this.#audioMs;
  }

  start(): void {
    emit(this.#context, responseCreated(this.plan.shape));
    const { firstDeltaMs } = this.#context.config().latency;
    this.#cancelTimer = this.#context.clock.after(firstDeltaMs, () => this.#begin());
  }

  /** Stops the response with its closing events; nothing happens once it has ended. */
  stop(reason: 'turn_detected' | 'client_cancelled'): void {
    this.#finish({ type: 'cancelled', reason });
  }

  /** The connection is gone: no event is sent, the books keep what had been generated. */
  abandon(): void {
    if (this.#ended) return;
    this.#end();
    const usage = this.#usage();
    this.#context.books.finishResponse(this.record, 'abandoned', null, usage);
    this.#context.limiter.count(this.#context.model.id, usage.total_tokens);
  }

  #begin(): void {
    if (this.plan.failure !== null) return this.#finish(this.plan.failure);
    this.#startedAt = this.#context.clock.now();
    this.#entry = entryOf(this.#item('in_progress'));
    emit(this.#context, outputItemEvent('added', this.id, this.#entry.item));
    if (this.#inConversation) {
      const previous = this.#context.conversation.add(this.#entry) ?? null;
      emit(this.#context, itemEvent('added', previous, this.#entry.item));
    }
    if (this.plan.reply.kind === 'say') {
      const part = contentPart(this.plan.shape.modality, '');
      emit(this.#context, { type: 'response.content_part.added', ...this.#place(), part });
    }
    this.#steps = this.#makeSteps();
    this.#next = this.#take();
    this.#advance();
  }

  /** Sends all that is due, then sleeps until the next piece is. */
  #advance(): void {
    while (!this.#ended) {
      if (this.#next === null) return this.#finish(null);
      const waitMs = this.#startedAt + this.#next.dueMs - this.#context.clock.now();
      if (waitMs > 0) return this.#sleep(waitMs);
      if (!this.#context.wire.canSend()) return this.#sleep(RETRY_MS);
      const step = this.#next;
      this.#next = this.#take();
      if (!this.#send(step)) return this.#finish({ type: 'incomplete', reason: 'max_output_tokens' });
    }
  }

  #sleep(ms: number): void {
    this.#cancelTimer = this.#context.clock.after(ms, () => this.#advance());
  }

  /** Sends one piece; false when the token limit cut it off. */
  #send(step: Step): boolean {
    return step.kind === 'text' ? this.#sendText(step.text) : this.#sendAudio(step.chunk);
  }

  #sendText(delta: string): boolean {
    const text = this.#text + delta;
    if (textTokens(this.#callName + text) + outputAudioTokens(this.#audioMs) > this.plan.outputTokensMax) return false;
    this.#text = text;
    this.record.textDeltas += 1;
    const obfuscation = this.#context.ids.obfuscation();
    if (this.plan.reply.kind === 'call') {
      const where = { response_id: this.id, item_id: this.#itemId, output_index: 0, call_id: this.#callId };
      emit(this.#context, { type: 'response.function_call_arguments.delta', ...where, delta, obfuscation });
    } else {
      emit(this.#context, { type: `${this.#textEvent}.delta`, ...this.#place(), delta, obfuscation });
    }
    return true;
  }

  #sendAudio(chunk: AudioChunk): boolean {
    const tokensLeft = this.plan.outputTokensMax - textTokens(this.#text);
    const allowedMs = tokensLeft * 50 - this.#audioMs;
    const whole = chunk.ms <= allowedMs;
    const sent = whole ? chunk : shorten(chunk, this.plan.shape.format.type, Math.max(0, allowedMs));
    if (sent.bytes > 0) {
      const { ids, wire } = this.#context;
      wire.send('response.output_audio.delta', audioDeltaFrame(ids.event(), this.id, this.#itemId, sent.base64));
      this.#audioMs += sent.ms;
      this.#chunks.push(sent);
      this.record.audioDeltas += 1;
      this.record.audioMs = this.#audioMs;
    }
    return whole;
  }

  #finish(details: StatusDetails | null): void {
    if (this.#ended) return;
    this.#end();
    const { books, limiter, model, ids, wire, clock } = this.#context;
    if (this.#entry !== null) this.#closeItem(this.#entry, details === null ? 'completed' : 'incomplete');
    const usage = this.#usage();
    const reason = details === null ? null : details.type === 'failed' ? details.error.code : details.reason;
    books.finishResponse(this.record, details?.type ?? 'completed', reason, usage);
    limiter.count(model.id, usage.total_tokens);
    const output = this.#entry === null ? [] : [this.#entry.item];
    const { type, ...fields } = responseDone(this.plan.shape, { details, output, usage });
    wire.sendResponseDone({ type, event_id: ids.event(), ...fields }, this.record);
    clock.after(this.#context.config().latency.rateLimitsMs, () =>
      emit(this.#context, { type: 'rate_limits.updated', rate_limits: [limiter.state(model.id)] }),
    );
    this.#onEnd(this);
  }

  #closeItem(entry: Entry, status: ItemStatus): void {
    const { shape, reply } = this.plan;
    entry.item = this.#item(status);
    if (shape.modality === 'audio' && reply.kind === 'say') {
      entry.audio = { codec: shape.format.type, ms: this.#audioMs, chunks: this.#chunks };
      emit(this.#context, { type: 'response.output_audio.done', ...this.#place() });
    }
    entry.version += 1;
    if (reply.kind === 'say') {
      const whole = shape.modality === 'audio' ? { transcript: this.#text } : { text: this.#text };
      emit(this.#context, { type: `${this.#textEvent}.done`, ...this.#place(), ...whole });
      const part = contentPart(shape.modality, this.#text);
      emit(this.#context, { type: 'response.content_part.done', ...this.#place(), part });
    } else if (status === 'completed') {
      const where = { response_id: this.id, item_id: this.#itemId, output_index: 0, call_id: this.#callId };
      const { name } = reply;
      emit(this.#context, { type: 'response.function_call_arguments.done', ...where, name, arguments: this.#text });
    }
    if (this.#inConversation) {
      emit(this.#context, itemEvent('done', this.#context.conversation.idBefore(entry), entry.item));
    }
    emit(this.#context, outputItemEvent('done', this.id, entry.item));
  }

  #usage(): ResponseUsage {
    const { failure, input, cached } = this.plan;
    if (failure !== null) return usageOf({ text: 0, audio: 0, image: 0 }, { text: 0, audio: 0, image: 0 }, NOTHING);
    const started = this.#entry !== null;
    const output = started
      ? { text: textTokens(this.#callName + this.#text), audio: outputAudioTokens(this.#audioMs) }
      : NOTHING;
    return usageOf(input, cached, output);
  }

  #end(): void {
    this.#ended = true;
    this.#cancelTimer?.();
  }

  #take(): Step | null {
    const result = this.#steps?.next();
    return result === undefined || result.done === true ? null : result.value;
  }

  #makeSteps(): Iterator<Step> {
    const { reply, shape } = this.plan;
    const { latency, reply: pace } = this.#context.config();
    if (reply.kind === 'call') return textSteps(reply.arguments.match(/\w+|\W+/g) ?? [], latency.textDeltaMs);
    if (shape.modality === 'text') {
      const sentence = reply.clips.map((clip) => clip.transcript).join(' ');
      return textSteps(sentence.match(/ ?[^ ]+/g) ?? [], latency.textDeltaMs);
    }
    return speechSteps(speak(this.#context.clips, reply.clips, shape.format.type, pace), pace.audioSpeed);
  }

  #item(status: ItemStatus): Item {
    const { reply, shape } = this.plan;
    if (reply.kind === 'say') return assistantItem(this.#itemId, status, shape.modality, this.#text);
    const { name } = reply;
    return { id: this.#itemId, type: 'function_call', status, name, call_id: this.#callId, arguments: this.#text };
  }

  #place(): Record<string, unknown> {
    return place(this.id, this.#itemId);
  }

  get #inConversation(): boolean {
    return this.plan.shape.conversationId !== null;
  }

  /** A call's name is generated too, before its arguments. */
  get #callName(): string {
    return this.plan.reply.kind === 'call' ? this.plan.reply.name : '';
  }

  get #textEvent(): string {
    return this.plan.shape.modality === 'audio' ? 'response.output_audio_transcript' : 'response.output_text';
  }
}

const NOTHING = { text: 0, audio: 0 };

function* textSteps(pieces: readonly string[], everyMs: number): Generator<Step> {
  for (const [index, text] of pieces.entries()) yield { dueMs: index * everyMs, kind: 'text', text };
}

function* speechSteps(pieces: Iterable<SpeechPiece>, speed: number): Generator<Step> {
  for (const piece of pieces) {
    const dueMs = piece.atMs / speed;
    yield piece.kind === 'word'
      ? { dueMs, kind: 'text', text: piece.text }
      : { dueMs, kind: 'audio', chunk: piece.chunk };
  }
}
