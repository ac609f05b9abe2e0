// One Realtime session: takes the client's frames and answers with the server's (facts section 3). Guarantees that a
// frame is handled whole before the next and that nothing is sent once the session has closed; leaves sockets, faults
// and books of connections to connection.ts.
import type { ModelEntry } from '../config.js';
import type { SessionRecord } from '../books-records.js';
import type { Cancel } from '../clock.js';
import { parseFrame, type ClientEvent } from './client-events.js';
import { emit, emitError, type SessionContext, type SessionServices, type Wire } from './context.js';
import { Conversation, isAssistant, retrievedItem, truncateEntry } from './conversation.js';
import { errors, type ProtocolError } from './errors.js';
import { itemEvent } from './response-events.js';
import { entryFor, Responses } from './responses.js';
import { newRealtimeSettings, newTranscriptionSettings, updateSettings, wireSession } from './settings.js';
import { Transcriber } from './transcription.js';
import { Turns } from './turns.js';

/** A session on an accepted connection. */
export class Session {
  readonly #context: SessionContext;
  readonly #responses: Responses;
  readonly #transcriber: Transcriber;
  readonly #turns: Turns;
  readonly #cancelExpiry: Cancel;

  /** Opens the session; `open` sends its first event. */
  constructor(services: SessionServices, wire: Wire, record: SessionRecord, model: ModelEntry) {
    const { clock, config, ids } = services;
    const { maxMs, instructions, voice, itemsMax, itemAudioBytesMax } = config().session;
    const expiresAt = Math.floor((clock.now() + maxMs) / 1000);
    const settings =
      record.kind === 'realtime'
        ? newRealtimeSettings({ id: record.id, model: model.id, expiresAt, instructions, voice })
        : newTranscriptionSettings(record.id, expiresAt);
    this.#context = {
      ...services,
      config: () => services.config(),
      wire,
      record,
      model,
      settings,
      conversation: new Conversation({ itemsMax, userAudioBytesMax: itemAudioBytesMax }),
      conversationId: ids.conversation(),
    };
    this.#responses = new Responses(this.#context);
    this.#transcriber = new Transcriber(this.#context);
    this.#turns = new Turns(this.#context, this.#responses, (audio) => this.#transcriber.hear(audio));
    this.#responses.onIdle((playedUntil) => this.#turns.startIdleTimer(playedUntil));
    this.#cancelExpiry = clock.after(maxMs, () => this.#expire(maxMs));
  }

  /** Sends `session.created`. */
  open(): void {
    emit(this.#context, { type: 'session.created', session: wireSession(this.#context.settings) });
  }

  /** Handles one message of the client. */
  receive(data: Buffer, isBinary: boolean): void {
    const frame = parseFrame(data, isBinary);
    const error = frame.ok ? this.#handle(frame.event) : frame.error;
    if (error !== null) emitError(this.#context, error, frame.eventId);
  }

  /** The connection is gone: timers stop, the books learn what was under way. */
  close(): void {
    this.#cancelExpiry();
    this.#turns.stopIdleTimer();
    this.#responses.abandon();
    this.#transcriber.abandon();
  }

  #handle(event: ClientEvent): ProtocolError | null {
    switch (event.type) {
      case 'input_audio_buffer.append':
        return this.#turns.append(event.audio);
      case 'input_audio_buffer.commit':
        return this.#turns.commit();
      case 'input_audio_buffer.clear':
        this.#turns.clear();
        return null;
      case 'session.update':
        return this.#update(event.session);
      case 'conversation.item.create':
        return this.#createItem(event);
      case 'conversation.item.delete':
        return this.#deleteItem(event.item_id);
      case 'conversation.item.retrieve':
        return this.#retrieveItem(event.item_id);
      case 'conversation.item.truncate':
        return this.#truncateItem(event.item_id, event.audio_end_ms);
      case 'response.create':
        this.#turns.stopIdleTimer();
        return this.#responses.create(event.response ?? {});
      case 'response.cancel':
        return this.#responses.cancel(event.response_id ?? null);
      case 'session.close':
      case 'session.input_audio_buffer.append':
        return errors.notInThisSession(event.type);
    }
  }

  #update(update: unknown): ProtocolError | null {
    const context = this.#context;
    const next = updateSettings(context.settings, update, context.conversation.hasAssistantAudio);
    if (!next.ok) return next.error;
    context.settings = next.value;
    this.#turns.reconfigure();
    emit(context, { type: 'session.updated', session: wireSession(next.value) });
    return null;
  }

  #createItem(event: Extract<ClientEvent, { type: 'conversation.item.create' }>): ProtocolError | null {
    const { item } = event;
    const speaks = item.type === 'message' && item.role === 'assistant';
    if (speaks && item.content.some((part) => part.type === 'output_audio')) return errors.assistantAudioItem();
    const after = event.previous_item_id ?? '';
    const { conversation, ids } = this.#context;
    if (after !== '' && after !== 'root' && conversation.find(after) === null) {
      return errors.itemUnknown('create', after);
    }
    const entry = entryFor(item, item.id ?? ids.item(), this.#context);
    const previous = conversation.add(entry, after === '' ? undefined : after) ?? null;
    emit(this.#context, itemEvent('added', previous, entry.item));
    emit(this.#context, itemEvent('done', previous, entry.item));
    return null;
  }

  #deleteItem(itemId: string): ProtocolError | null {
    if (!this.#context.conversation.remove(itemId)) return errors.itemUnknown('delete', itemId);
    emit(this.#context, { type: 'conversation.item.deleted', item_id: itemId });
    return null;
  }

  #retrieveItem(itemId: string): ProtocolError | null {
    const entry = this.#context.conversation.find(itemId);
    if (entry === null) return errors.itemUnknown('retrieve', itemId);
    emit(this.#context, { type: 'conversation.item.retrieved', item: retrievedItem(entry) });
    return null;
  }

  #truncateItem(itemId: string, audioEndMs: number): ProtocolError | null {
    const entry = this.#context.conversation.find(itemId);
    if (entry === null) return errors.itemUnknown('truncate', itemId);
    if (!isAssistant(entry.item) || entry.audio === null) return errors.truncateNotAudio();
    const haveMs = Math.floor(entry.audio.ms);
    if (audioEndMs > haveMs) return errors.truncateTooLong(haveMs, audioEndMs);
    truncateEntry(entry, audioEndMs);
    emit(this.#context, {
      type: 'conversation.item.truncated',
      item_id: itemId,
      content_index: 0,
      audio_end_ms: audioEndMs,
    });
    return null;
  }

  #expire(maxMs: number): void {
    const message = `Your session hit the maximum duration of ${expiryMinutes(maxMs)} minutes.`;
    emitError(this.#context, { code: 'session_expired', message, param: null }, null);
    this.#context.wire.close(1001, message);
  }
}

/** Durations below a minute exist only in tests; they keep the real wording. */
function expiryMinutes(maxMs: number): number {
  return maxMs >= 60_000 ? Math.round(maxMs / 60_000) : 60;
}
