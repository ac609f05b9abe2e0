// The server events of a response, field for field as in the captures (facts 3.2 to 3.4). Guarantees key order and
// that `part.type` is "text"/"audio" while items say output_text/output_audio; leaves order and timing to the run.
import type { WireFormat } from '../audio/formats.js';
import type { ResponseUsage } from '../tokens/usage.js';
import type { ServerEvent } from './context.js';
import type { Item, ItemStatus } from './items.js';
import type { Voice } from './settings-schemas.js';

/** What stays the same in every form of the response object. */
export interface ResponseShape {
  readonly id: string;
  /** Null for out-of-band responses. */
  readonly conversationId: string | null;
  readonly modality: 'text' | 'audio';
  readonly maxOutputTokens: number | 'inf';
  readonly format: WireFormat;
  readonly voice: Voice;
  readonly metadata: Readonly<Record<string, string>> | null;
}

/** Why a response is not "completed". */
export type StatusDetails =
  | { readonly type: 'cancelled'; readonly reason: 'turn_detected' | 'client_cancelled' }
  | { readonly type: 'incomplete'; readonly reason: 'max_output_tokens' }
  | {
      readonly type: 'failed';
      readonly error: { readonly type: string; readonly code: string; readonly message: string };
    };

/** How a response ended. */
export interface ResponseEnd {
  readonly details: StatusDetails | null;
  readonly output: readonly Item[];
  readonly usage: ResponseUsage;
}

/** `response.created`. */
export function responseCreated(shape: ResponseShape): ServerEvent {
  return { type: 'response.created', response: responseObject(shape, 'in_progress', null) };
}

/** `response.done`, without its event id. */
export function responseDone(shape: ResponseShape, end: ResponseEnd): ServerEvent {
  return { type: 'response.done', response: responseObject(shape, end.details?.type ?? 'completed', end) };
}

function responseObject(shape: ResponseShape, status: string, end: ResponseEnd | null): Record<string, unknown> {
  return {
    object: 'realtime.response',
    id: shape.id,
    status,
    status_details: end?.details ?? null,
    output: end?.output ?? [],
    conversation_id: shape.conversationId,
    output_modalities: [shape.modality],
    max_output_tokens: shape.maxOutputTokens,
    audio: { output: { format: shape.format, voice: shape.voice } },
    usage: end?.usage ?? null,
    metadata: shape.metadata,
  };
}

/** A message of the assistant, in progress (no content yet) or ended. */
export function assistantItem(id: string, status: ItemStatus, modality: 'text' | 'audio', text: string): Item {
  const part =
    modality === 'audio'
      ? ({ type: 'output_audio', transcript: text } as const)
      : ({ type: 'output_text', text } as const);
  const content = status === 'in_progress' ? [] : [part];
  return { id, type: 'message', status, role: 'assistant', content };
}

/** The part of `response.content_part.*`. */
export function contentPart(modality: 'text' | 'audio', text: string): Record<string, string> {
  return modality === 'audio' ? { type: 'audio', transcript: text } : { type: 'text', text };
}

/** `conversation.item.added` and `.done`. */
export function itemEvent(kind: 'added' | 'done', previousItemId: string | null, item: Item): ServerEvent {
  return { type: `conversation.item.${kind}`, previous_item_id: previousItemId, item };
}

/** `response.output_item.added` and `.done`. */
export function outputItemEvent(kind: 'added' | 'done', responseId: string, item: Item): ServerEvent {
  return { type: `response.output_item.${kind}`, response_id: responseId, output_index: 0, item };
}

/** Fields that place an event in its response. */
export function place(responseId: string, itemId: string): Record<string, unknown> {
  return { response_id: responseId, item_id: itemId, output_index: 0, content_index: 0 };
}

/** `response.output_audio.delta`, put together as text: the base64 is long and needs no escaping. */
export function audioDeltaFrame(eventId: string, responseId: string, itemId: string, base64: string): string {
  return (
    `{"type":"response.output_audio.delta","event_id":"${eventId}","response_id":"${responseId}",` +
    `"item_id":"${itemId}","output_index":0,"content_index":0,"delta":"${base64}"}`
  );
}
