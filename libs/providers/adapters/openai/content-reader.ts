// Finds content in GA Realtime events: what apps type, set and return, what callers, tools and the model say. Deltas are
// pieces of a stream; the event that ends a stream repeats it whole, so of it only what the deltas did not say is shown again
// (whisper-1 sends no deltas that are worth the name, and a final transcript may be another than what was heard so far).
import type { ContentKind, Piece } from '@trunkline/moderation';
import type { ContentReader, GatedEvent, GatedPlace } from '../../core/gated-event.js';
import { itemPlaces, madeItemPlaces, place, settingPlaces, whole } from './content-places.js';
import { asList, asObject, parseObject, textOrNull, type Json } from './json.js';
import { SeenStreams } from './seen-streams.js';

type From = 'client' | 'upstream';

const TYPED: readonly ContentKind[] = ['typed_text', 'instructions', 'tools', 'image', 'tool_result'];
const SESSION: readonly ContentKind[] = ['instructions', 'tools'];

/** Which kinds an event type can carry. */
const CLIENT: Readonly<Record<string, readonly ContentKind[]>> = {
  'conversation.item.create': TYPED,
  'session.update': [...SESSION, 'image'],
  'response.create': [...SESSION, ...TYPED],
};
const UPSTREAM: Readonly<Record<string, readonly ContentKind[]>> = {
  'conversation.item.input_audio_transcription.delta': ['input_transcript'],
  'conversation.item.input_audio_transcription.completed': ['input_transcript'],
  'conversation.item.input_audio_transcription.segment': ['input_transcript'],
  // Tools that a service of others' offers to the model.
  'conversation.item.done': ['tools'],
  // Calls of such tools, which the model's own vendor makes.
  'response.output_item.done': ['tool_arguments', 'tool_result', 'image'],
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
/** Reads one GA session. */
export class OpenAiContentReader implements ContentReader {
  private readonly seen = new SeenStreams();

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
    if (type === 'conversation.item.done' || type === 'response.output_item.done')
      return madeItemPlaces(type, event['item']);
    if (type === 'conversation.item.input_audio_transcription.segment') return place(event, 'text', whole(kind, ''));
    const part = event['content_index'];
    const streamId = `${textOrNull(event['item_id']) ?? ''}:${typeof part === 'number' ? part : 0}`;
    const field = WHOLE_FIELDS[type];
    if (field !== undefined) return this.endPlaces(event, field, { kind, streamId });
    const at = place(event, 'delta', { kind, streamId, complete: false });
    for (const { piece } of at) this.seen.add(streamId, piece.text);
    return at;
  }

  /** The end of a stream: what is left of it and, where it is another than was heard so far, all of it. */
  private endPlaces(event: Json, field: string, of: Pick<Piece, 'kind' | 'streamId'>): readonly GatedPlace[] {
    return place(event, field, { ...of, complete: true }).flatMap((at) => {
      const rest = this.seen.end(of.streamId ?? '', at.piece.text);
      const end = { ...at, piece: { ...at.piece, text: rest ?? '' } };
      return rest === null ? [end, { ...at, piece: whole(of.kind, at.piece.text) }] : [end];
    });
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
