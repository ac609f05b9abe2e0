// Input audio into user turns: the buffer, voice activity, commits. Guarantees that what is committed lies between
// audio_start_ms and audio_end_ms, that the item id of speech_started is the one committed (facts 3.4), and a bounded
// buffer; leaves responses to responses.ts.
import { EnergyMeter } from '../audio/energy.js';
import { bytesPerMs } from '../audio/formats.js';
import type { Cancel } from '../clock.js';
import { emit, type SessionContext } from './context.js';
import { audioOf, entryOf, type Entry } from './conversation.js';
import { errors, type ProtocolError } from './errors.js';
import { InputBuffer } from './input-buffer.js';
import { itemEvent } from './response-events.js';
import type { Responses } from './responses.js';
import type { TurnDetection } from './settings-schemas.js';
import { same } from './settings.js';
import type { HeardAudio } from './transcription.js';
import { prefixMsOf, Vad } from './vad.js';

/** A commit needs this much audio (facts 3.4). */
const COMMIT_MIN_MS = 100;
/** An append event may carry this much (facts 6). */
const APPEND_BYTES_MAX = 15 * 1024 * 1024;
/** While nobody speaks the buffer keeps the prefix padding and this much more, in which speech is recognised. */
const ONSET_MS = 100;

/** Turn-taking of one session. */
export class Turns {
  readonly #context: SessionContext;
  readonly #responses: Responses;
  readonly #hear: (audio: HeardAudio) => void;
  #buffer: InputBuffer;
  #meter: EnergyMeter;
  #detection: TurnDetection | null;
  #vad: Vad | null;
  /** Where on the session's audio clock the detector's time began. */
  #vadFromMs = 0;
  #speechItemId: string | null = null;
  #cancelIdle: Cancel | null = null;

  constructor(context: SessionContext, responses: Responses, hear: (audio: HeardAudio) => void) {
    this.#context = context;
    this.#responses = responses;
    this.#hear = hear;
    const { format, turn_detection } = context.settings.audio.input;
    this.#buffer = new InputBuffer(format.type);
    this.#meter = new EnergyMeter(format.type);
    this.#detection = turn_detection;
    this.#vad = turn_detection === null ? null : new Vad(turn_detection);
  }

  /** The settings changed: a new format or detection starts afresh, on the same audio clock. */
  reconfigure(): void {
    const { format, turn_detection } = this.#context.settings.audio.input;
    const sameDetection = same(turn_detection, this.#detection);
    if (format.type === this.#buffer.codec && sameDetection) return;
    if (format.type !== this.#buffer.codec) this.#buffer = new InputBuffer(format.type, this.#buffer.endMs);
    this.#detection = turn_detection;
    this.#restartDetection();
    if (!sameDetection) this.stopIdleTimer();
  }

  /** `input_audio_buffer.append`. */
  append(base64: string): ProtocolError | null {
    const bytes = decodeBase64(base64);
    if (bytes === null) return errors.badAudio();
    if (bytes.length > APPEND_BYTES_MAX) return errors.audioTooLarge();
    if (this.#buffer.bytes + bytes.length > this.#context.config().session.inputBufferBytesMax) {
      return errors.bufferFull(this.#buffer.durationMs);
    }
    this.#buffer.append(bytes);
    this.#context.record.audioInMs += bytes.length / bytesPerMs(this.#buffer.codec);
    if (this.#vad !== null) this.#detect(bytes, this.#vad);
    return null;
  }

  /** `input_audio_buffer.commit`. */
  commit(): ProtocolError | null {
    const { durationMs } = this.#buffer;
    if (durationMs < COMMIT_MIN_MS) return errors.commitEmpty(durationMs);
    this.#commitUntil(this.#buffer.endMs);
    this.#restartDetection();
    return null;
  }

  /** `input_audio_buffer.clear`. */
  clear(): void {
    this.#buffer.take();
    this.#restartDetection();
    emit(this.#context, { type: 'input_audio_buffer.cleared' });
  }

  /** No response is active; its audio will have been played at `playedUntil`: the idle timeout counts from there. */
  startIdleTimer(playedUntil: number): void {
    this.stopIdleTimer();
    const detection = this.#detection;
    if (detection?.type !== 'server_vad' || detection.idle_timeout_ms === null) return;
    const { clock } = this.#context;
    const waitMs = Math.max(0, playedUntil - clock.now());
    const fromMs = this.#buffer.endMs + waitMs;
    this.#cancelIdle = clock.after(waitMs + detection.idle_timeout_ms, () => this.#idle(fromMs));
  }

  stopIdleTimer(): void {
    this.#cancelIdle?.();
    this.#cancelIdle = null;
  }

  #detect(bytes: Buffer, vad: Vad): void {
    this.#meter.push(bytes, (level) => {
      const event = vad.frame(level);
      if (event?.kind === 'started') this.#speechStarted(this.#vadFromMs + event.atMs);
      if (event?.kind === 'stopped') this.#speechStopped(this.#vadFromMs + event.atMs);
    });
    if (!vad.speaking) this.#buffer.dropBefore(this.#buffer.endMs - this.#prefixMs - ONSET_MS);
  }

  #speechStarted(atMs: number): void {
    this.stopIdleTimer();
    const startMs = Math.max(this.#buffer.startMs, atMs - this.#prefixMs);
    this.#buffer.dropBefore(startMs);
    const itemId = this.#context.ids.item();
    this.#speechItemId = itemId;
    emit(this.#context, {
      type: 'input_audio_buffer.speech_started',
      audio_start_ms: Math.round(startMs),
      item_id: itemId,
    });
    if (this.#detection?.interrupt_response ?? false) this.#responses.interrupt();
  }

  #speechStopped(atMs: number): void {
    emit(this.#context, {
      type: 'input_audio_buffer.speech_stopped',
      audio_end_ms: Math.round(atMs),
      item_id: this.#speechItemId,
    });
    this.#commitUntil(atMs);
    const answers = this.#context.settings.type === 'realtime' && (this.#detection?.create_response ?? false);
    if (answers) this.#responses.answerTurn();
  }

  /** Nobody spoke for the idle timeout: the silence becomes a turn, and the assistant speaks up. */
  #idle(fromMs: number): void {
    if (this.#responses.active || this.#vad?.speaking === true) return;
    const itemId = this.#context.ids.item();
    const endMs = this.#buffer.endMs;
    emit(this.#context, {
      type: 'input_audio_buffer.timeout_triggered',
      audio_start_ms: Math.round(Math.min(fromMs, endMs)),
      audio_end_ms: Math.round(endMs),
      item_id: itemId,
    });
    this.#speechItemId = itemId;
    this.#commitUntil(endMs);
    this.#restartDetection();
    this.#responses.answerTurn();
  }

  #commitUntil(endMs: number): void {
    const { ids, conversation, recogniser } = this.#context;
    const { codec } = this.#buffer;
    const bytes = this.#buffer.take(endMs);
    const itemId = this.#speechItemId ?? ids.item();
    this.#speechItemId = null;
    emit(this.#context, {
      type: 'input_audio_buffer.committed',
      previous_item_id: conversation.lastId,
      item_id: itemId,
    });
    const entry: Entry = entryOf(
      {
        id: itemId,
        type: 'message',
        status: 'completed',
        role: 'user',
        content: [{ type: 'input_audio', transcript: null }],
      },
      audioOf(bytes, codec),
      recogniser.transcribe(bytes, codec),
    );
    const previous = conversation.add(entry) ?? null;
    emit(this.#context, itemEvent('added', previous, entry.item));
    emit(this.#context, itemEvent('done', previous, entry.item));
    this.#hear({ entry, bytes, codec, ms: entry.audio?.ms ?? 0 });
  }

  #restartDetection(): void {
    this.#meter = new EnergyMeter(this.#buffer.codec);
    this.#vad = this.#detection === null ? null : new Vad(this.#detection);
    this.#vadFromMs = this.#buffer.endMs;
    this.#speechItemId = null;
  }

  get #prefixMs(): number {
    return this.#detection === null ? 0 : prefixMsOf(this.#detection);
  }
}

/** Strict standard base64; null for anything else. The decoder skips what it does not know, so the length tells. */
function decodeBase64(base64: string): Buffer | null {
  if (base64.length % 4 !== 0) return null;
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0;
  const bytes = Buffer.from(base64, 'base64');
  return bytes.length === (base64.length / 4) * 3 - padding ? bytes : null;
}
