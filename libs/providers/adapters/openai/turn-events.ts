// Reads turns out of GA Realtime events, and hides transcripts that the app did not ask for.
import type { TurnEvent } from '../../core/turn-event.js';
import { MARK_FIELD, OWN_EVENT } from './gate-words.js';
import { asList, asObject, parseObject, textOrNull, type Json } from './json.js';

/** Types that `readTurnEvent` understands. */
export const TURN_EVENTS: ReadonlySet<string> = new Set([
  'input_audio_buffer.speech_started',
  'input_audio_buffer.speech_stopped',
  'input_audio_buffer.timeout_triggered',
  'input_audio_buffer.committed',
  'conversation.item.input_audio_transcription.completed',
  'conversation.item.input_audio_transcription.failed',
  'response.created',
  'response.done',
  'error',
]);
/** Types that describe the session's settings, or refuse them. */
export const SETTINGS_EVENTS: ReadonlySet<string> = new Set(['session.created', 'session.updated', 'error']);
const BUSY = 'conversation_already_has_active_response';
const TRANSCRIPTION = 'conversation.item.input_audio_transcription.';
/** Types that hold what a caller said, as transcribed, or can. */
export const TRANSCRIPT_EVENTS: ReadonlySet<string> = new Set([
  ...['delta', 'segment', 'completed', 'failed'].map((what) => `${TRANSCRIPTION}${what}`),
  ...['added', 'created', 'done', 'retrieved'].map((what) => `conversation.item.${what}`),
]);

/** @returns null for what is none. */
export function readTurnEvent(payload: Buffer): TurnEvent | null {
  const event = parseObject(payload);
  if (event === null) return null;
  const type = event['type'];
  if (type === 'input_audio_buffer.speech_started') return { kind: 'speech_started' };
  if (type === 'error') return refusal(asObject(event['error']) ?? {});
  if (type === 'response.created' || type === 'response.done') return answer(type, asObject(event['response']) ?? {});
  const itemId = textOrNull(event['item_id']);
  return itemId === null ? null : itemEvent(type, itemId);
}

/** Types with which an app stops what the model says. */
export const APP_STOPS: ReadonlySet<string> = new Set(['response.cancel', 'conversation.item.truncate']);

/** What an app wants no more of: an item, or a response (neither: the one in the conversation). */
export interface AppStop {
  readonly itemId: string | null;
  readonly responseId: string | null;
}

/** Reads one of `APP_STOPS`. @returns null for what is none. */
export function stopOf(payload: Buffer): AppStop | null {
  const event = parseObject(payload);
  switch (event?.['type']) {
    case 'response.cancel':
      return { itemId: null, responseId: textOrNull(event['response_id']) };
    case 'conversation.item.truncate': {
      const itemId = textOrNull(event['item_id']);
      return itemId === null ? null : { itemId, responseId: null };
    }
    default:
      return null;
  }
}

/** The type of an event; null for what is none. */
export function typeOf(payload: Buffer): string | null {
  return textOrNull(parseObject(payload)?.['type']);
}

/** The id that an app gave its question; null where it gave none. */
export function questionOf(payload: Buffer): string | null {
  return textOrNull(parseObject(payload)?.['event_id']);
}

/** An app's event with an id. */
export function withEventId(payload: Buffer, eventId: string): Buffer {
  return Buffer.from(JSON.stringify({ ...parseObject(payload), event_id: eventId }));
}

/** An error that names no event of the app's. */
export function withoutRefusedId(payload: Buffer): Buffer {
  const event = parseObject(payload);
  return Buffer.from(JSON.stringify({ ...event, error: { ...asObject(event?.['error']), event_id: null } }));
}

/** Whether the answer to an app's question joins the conversation, and so answers what stands in it. */
export function asksInConversation(payload: Buffer): boolean {
  return asObject(parseObject(payload)?.['response'])?.['conversation'] !== 'none';
}

/** One of `TRANSCRIPT_EVENTS` without the transcript of an item of the caller's that is to be unseen; null: nothing is left of it. */
export function withoutTranscript(payload: Buffer, isUnseen: (itemId: string) => boolean): Buffer | null {
  const event = parseObject(payload);
  const type = textOrNull(event?.['type']);
  if (event === null || type === null) return payload;
  const itemId = textOrNull(event['item_id']);
  if (type.startsWith(TRANSCRIPTION)) return itemId !== null && isUnseen(itemId) ? null : payload;
  const item = asObject(event['item']);
  const id = textOrNull(item?.['id']);
  if (item === null || id === null || !isUnseen(id)) return payload;
  const content = asList(item['content']).map(partWithoutTranscript);
  return Buffer.from(JSON.stringify({ ...event, item: { ...item, content } }));
}

function itemEvent(type: unknown, itemId: string): TurnEvent | null {
  switch (type) {
    case 'input_audio_buffer.speech_stopped':
      return { kind: 'turn_ended', itemId, by: 'speech' };
    case 'input_audio_buffer.timeout_triggered':
      return { kind: 'turn_ended', itemId, by: 'silence' };
    case 'input_audio_buffer.committed':
      return { kind: 'committed', itemId };
    case 'conversation.item.input_audio_transcription.completed':
      return { kind: 'transcript_ended', itemId, hasFailed: false };
    case 'conversation.item.input_audio_transcription.failed':
      return { kind: 'transcript_ended', itemId, hasFailed: true };
    default:
      return null;
  }
}

function answer(type: 'response.created' | 'response.done', response: Json): TurnEvent | null {
  const id = textOrNull(response['id']);
  if (id === null) return null;
  return {
    kind: type === 'response.created' ? 'response_began' : 'response_ended',
    id,
    isInConversation: response['conversation_id'] !== null,
    isComplete: response['status'] === 'completed',
    mark: textOrNull(asObject(response['metadata'])?.[MARK_FIELD]),
  };
}

function refusal(error: Json): TurnEvent {
  const eventId = textOrNull(error['event_id']);
  return { kind: 'refused', eventId, isOurs: eventId?.startsWith(OWN_EVENT) ?? false, isBusy: error['code'] === BUSY };
}

function partWithoutTranscript(value: unknown): unknown {
  const part = asObject(value);
  return part !== null && 'transcript' in part ? { ...part, transcript: null } : value;
}
