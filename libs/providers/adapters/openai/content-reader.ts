// Finds content in GA Realtime events: what apps type, set and return, what callers and the model say. Deltas are pieces
// of a stream; the event that ends a stream repeats it whole, so it counts as its end and is shown again only where
// nothing of the stream was seen before (whisper-1 sends no deltas that are worth the name).
import type { ContentKind, Piece } from '@trunkline/moderation';
import type { ContentReader, GatedEvent, GatedPlace } from '../../core/gated-event.js';
import { asList, asObject, parseObject, textOrNull, type Json } from './json.js';

type From = 'client' | 'upstream';

const TYPED: readonly ContentKind[] = ['typed_text', 'instructions', 'image', 'tool_result'];
const SESSION: readonly ContentKind[] = ['instructions', 'tools'];

/** Which kinds an event type can carry. */
const CLIENT: Readonly<Record<string, readonly ContentKind[]>> = {
  'conversation.item.create': TYPED,
  'session.update': SESSION,
  'response.create': [...SESSION, ...TYPED],
};
const UPSTREAM: Readonly<Record<string, readonly ContentKind[]>> = {
  'conversation.item.input_audio_transcription.delta': ['input_transcript'],
  'conversation.item.input_audio_transcription.completed': ['input_transcript'],
  'response.output_text.delta': ['output_text'],
  'response.output_text.done': ['output_text'],
  'response.output_audio_transcript.delta': ['output_text'],
  'response.output_audio_transcript.done': ['output_text'],
  'response.function_call_arguments.delta': ['tool_arguments'],
  'response.function_call_arguments.done': ['tool_arguments'],
  'response.mcp_call_arguments.delta': ['tool_arguments'],
  'response.mcp_call_arguments.done': ['tool_arguments'],
};
/** Of the event that ends a stream: the field that repeats all of it. */
const WHOLE_FIELDS: Readonly<Record<string, string>> = {
  'conversation.item.input_audio_transcription.completed': 'transcript',
  'response.output_text.done': 'text',
  'response.output_audio_transcript.done': 'transcript',
  'response.function_call_arguments.done': 'arguments',
  'response.mcp_call_arguments.done': 'arguments',
};
// Streams whose deltas were seen and whose end was not: more than any real session has open.
const STREAMS_MAX = 256;

/** Reads one GA session. */
export class OpenAiContentReader implements ContentReader {
  private readonly begun = new Set<string>();

  carries(from: From, type: string, judged: ReadonlySet<ContentKind>): boolean {
    if (type === 'unknown') return judged.size > 0;
    const kinds = (from === 'client' ? CLIENT : UPSTREAM)[type];
    return kinds !== undefined && kinds.some((kind) => judged.has(kind));
  }

  read(from: From, payload: Buffer): GatedEvent | null {
    const event = parseObject(payload);
    const type = event?.['type'];
    if (event === null || typeof type !== 'string') return null;
    const places = from === 'client' ? clientPlaces(type, event) : this.upstreamPlaces(type, event);
    if (places.length === 0) return null;
    return {
      type,
      places,
      responseId: textOrNull(event['response_id']),
      eventId: from === 'client' ? textOrNull(event['event_id']) : null,
      itemId: textOrNull(event['item_id']) ?? textOrNull(asObject(event['item'])?.['id']),
      payload: () => Buffer.from(JSON.stringify(event)),
    };
  }

  private upstreamPlaces(type: string, event: Json): readonly GatedPlace[] {
    const kind = UPSTREAM[type]?.[0];
    if (kind === undefined) return [];
    const part = event['content_index'];
    const streamId = `${textOrNull(event['item_id']) ?? ''}:${typeof part === 'number' ? part : 0}`;
    const whole = WHOLE_FIELDS[type];
    if (whole === undefined) {
      this.begin(streamId);
      return place(event, 'delta', { kind, streamId, complete: false });
    }
    const wasSeen = this.begun.delete(streamId);
    const at = place(event, whole, { kind, streamId, complete: true });
    return wasSeen ? at.map((each) => ({ ...each, piece: { ...each.piece, text: '' } })) : at;
  }

  private begin(streamId: string): void {
    if (this.begun.size >= STREAMS_MAX) {
      const oldest = this.begun.values().next();
      if (!oldest.done) this.begun.delete(oldest.value);
    }
    this.begun.add(streamId);
  }
}

function clientPlaces(type: string, event: Json): readonly GatedPlace[] {
  switch (type) {
    case 'conversation.item.create':
      return itemPlaces(event['item']);
    case 'session.update':
      return settingPlaces(event['session']);
    case 'response.create': {
      const response = asObject(event['response']);
      return [...settingPlaces(response), ...asList(response?.['input']).flatMap(itemPlaces)];
    }
    default:
      return [];
  }
}

function settingPlaces(value: unknown): readonly GatedPlace[] {
  const settings = asObject(value);
  if (settings === null) return [];
  const tools = settings['tools'];
  const toolPlace: GatedPlace[] =
    Array.isArray(tools) && tools.length > 0
      ? [{ piece: whole('tools', JSON.stringify(tools)), replace: () => (settings['tools'] = []) }]
      : [];
  return [...place(settings, 'instructions', whole('instructions', '')), ...toolPlace];
}

function itemPlaces(value: unknown): readonly GatedPlace[] {
  const item = asObject(value);
  if (item === null) return [];
  if (item['type'] === 'function_call_output') return place(item, 'output', whole('tool_result', ''));
  if (item['type'] === 'function_call') return place(item, 'arguments', whole('typed_text', ''));
  const kind: ContentKind = item['role'] === 'system' ? 'instructions' : 'typed_text';
  return asList(item['content']).flatMap((each) => {
    const part = asObject(each);
    if (part === null) return [];
    if (part['type'] === 'input_image') return place(part, 'image_url', whole('image', ''));
    return [...place(part, 'text', whole(kind, '')), ...place(part, 'transcript', whole(kind, ''))];
  });
}

function whole(kind: ContentKind, text: string): Piece {
  return { kind, streamId: null, text, complete: true };
}

/** The text in a field of an object; nothing where there is none. */
function place(object: Json, field: string, piece: Omit<Piece, 'text'>): readonly GatedPlace[] {
  const text = object[field];
  if (typeof text !== 'string') return [];
  return [{ piece: { ...piece, text }, replace: (other) => (object[field] = other) }];
}
