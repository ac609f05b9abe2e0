// Where words stand in the objects of GA Realtime events: settings of a session or a response, items of a conversation and
// their parts. What has a form of its own (tools, results that are no text) is judged as its JSON.
import type { ContentKind, Piece } from '@trunkline/moderation';
import type { GatedPlace } from '../../core/gated-event.js';
import { asList, asObject, type Json } from './json.js';

/** A piece that nothing follows. */
export function whole(kind: ContentKind, text: string): Piece {
  return { kind, streamId: null, text, complete: true };
}

/** The text in a field of an object; nothing where there is none. */
export function place(object: Json, field: string, piece: Omit<Piece, 'text'>): readonly GatedPlace[] {
  const text = object[field];
  if (typeof text !== 'string') return [];
  return [{ piece: { ...piece, text }, replace: (other) => (object[field] = other) }];
}

/** Of a session, or of a single response. */
export function settingPlaces(value: unknown): readonly GatedPlace[] {
  const settings = asObject(value);
  if (settings === null) return [];
  const variables = asObject(asObject(settings['prompt'])?.['variables']);
  return [
    ...place(settings, 'instructions', whole('instructions', '')),
    ...Object.keys(variables ?? {}).flatMap((name) => (variables ? anyPlaces(variables, name, 'instructions') : [])),
    ...transcriptionPlaces(asObject(asObject(settings['audio'])?.['input'])?.['transcription']),
    ...toolPlaces(settings),
  ];
}

/** What the model that transcribes is told. */
function transcriptionPlaces(value: unknown): readonly GatedPlace[] {
  const transcription = asObject(value);
  if (transcription === null) return [];
  return [
    ...place(transcription, 'prompt', whole('instructions', '')),
    ...anyPlaces(transcription, 'keywords', 'instructions'),
  ];
}

function toolPlaces(object: Json): readonly GatedPlace[] {
  const tools = object['tools'];
  if (!Array.isArray(tools) || tools.length === 0) return [];
  return [{ piece: whole('tools', JSON.stringify(tools)), replace: () => (object['tools'] = []) }];
}

/** Of an item that an app puts into a conversation. */
export function itemPlaces(value: unknown): readonly GatedPlace[] {
  const item = asObject(value);
  if (item === null) return [];
  switch (item['type']) {
    case 'function_call_output':
      return anyPlaces(item, 'output', 'tool_result');
    case 'function_call':
    case 'mcp_approval_request':
      return anyPlaces(item, 'arguments', 'typed_text');
    case 'mcp_call':
      return [...anyPlaces(item, 'arguments', 'typed_text'), ...resultPlaces(item)];
    case 'mcp_approval_response':
      return place(item, 'reason', whole('typed_text', ''));
    case 'mcp_list_tools':
      return toolPlaces(item);
    default:
      return messagePlaces(item, item['role'] === 'system' ? 'instructions' : 'typed_text');
  }
}

/** Of an item that the upstream made, which no other event tells. */
export function madeItemPlaces(eventType: string, value: unknown): readonly GatedPlace[] {
  const item = asObject(value);
  if (item === null) return [];
  if (eventType === 'conversation.item.done') return item['type'] === 'mcp_list_tools' ? toolPlaces(item) : [];
  // The arguments of a call were told by deltas, those of a question whether it may be made were not.
  if (item['type'] === 'mcp_approval_request') return anyPlaces(item, 'arguments', 'tool_arguments');
  return item['type'] === 'mcp_call' ? resultPlaces(item) : [];
}

function resultPlaces(item: Json): readonly GatedPlace[] {
  return [...anyPlaces(item, 'output', 'tool_result'), ...anyPlaces(item, 'error', 'tool_result')];
}

function messagePlaces(item: Json, kind: ContentKind): readonly GatedPlace[] {
  if (typeof item['content'] === 'string') return place(item, 'content', whole(kind, ''));
  return asList(item['content']).flatMap((part) => partPlaces(asObject(part), kind));
}

function partPlaces(part: Json | null, kind: ContentKind): readonly GatedPlace[] {
  if (part === null) return [];
  if (part['type'] === 'input_image') return place(part, 'image_url', whole('image', ''));
  return [...place(part, 'text', whole(kind, '')), ...place(part, 'transcript', whole(kind, ''))];
}

/** Of a field that holds a text, parts of a message, or anything. */
function anyPlaces(object: Json, field: string, kind: ContentKind): readonly GatedPlace[] {
  const value = object[field];
  if (value === undefined || value === null) return [];
  if (typeof value === 'string') return place(object, field, whole(kind, ''));
  const parts = Array.isArray(value) ? value.map(partOf) : [partOf(value)];
  if (parts.length > 0 && parts.every((each) => each !== null)) return parts.flatMap((part) => partPlaces(part, kind));
  return [{ piece: whole(kind, JSON.stringify(value)), replace: (other) => (object[field] = other) }];
}

const PART_FIELDS = ['type', 'text', 'transcript', 'image_url', 'detail'];

/** A part of a message; null for what holds anything besides, where words may stand as well. */
function partOf(value: unknown): Json | null {
  const part = asObject(value);
  const isPart =
    part !== null &&
    typeof part['type'] === 'string' &&
    Object.keys(part).every((field) => PART_FIELDS.includes(field) && typeof part[field] === 'string');
  return isPart ? part : null;
}
