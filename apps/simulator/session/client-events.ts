// The client's frames, parsed (facts 3.1). Guarantees that what leaves here is a known event with fields of the right
// types, or the error that OpenAI would send; leaves the meaning to session.ts.
import { z } from 'zod';
import { errors, missingParameter, protocolError, refused, type Parsed, type ProtocolError } from './errors.js';
import { inputItemSchema, newItemSchema } from './items.js';
import { parseWith } from './schema-errors.js';
import {
  maxOutputTokensSchema,
  metadataSchema,
  modalitiesSchema,
  outputAudioSchema,
  promptSchema,
  reasoningSchema,
  toolChoiceSchema,
  toolSchema,
} from './settings-schemas.js';

/** facts 6: an event_id has at most 512 characters. */
const EVENT_ID_MAX = 512;

const responseParamsSchema = z.strictObject({
  conversation: z.enum(['auto', 'none']).nullish(),
  metadata: metadataSchema.optional(),
  output_modalities: modalitiesSchema.optional(),
  instructions: z.string().optional(),
  tools: z.array(toolSchema).max(128).optional(),
  tool_choice: toolChoiceSchema.optional(),
  parallel_tool_calls: z.boolean().optional(),
  max_output_tokens: maxOutputTokensSchema.optional(),
  input: z.array(inputItemSchema).optional(),
  audio: z.strictObject({ output: outputAudioSchema.optional() }).optional(),
  prompt: promptSchema.optional(),
  reasoning: reasoningSchema.optional(),
});

const id = { event_id: z.string().optional() };
const schemas = {
  'session.update': z.strictObject({ ...id, type: z.literal('session.update'), session: z.unknown() }),
  'session.close': z.strictObject({ ...id, type: z.literal('session.close') }),
  'input_audio_buffer.append': z.strictObject({
    ...id,
    type: z.literal('input_audio_buffer.append'),
    audio: z.string(),
  }),
  'session.input_audio_buffer.append': z.looseObject({ type: z.literal('session.input_audio_buffer.append') }),
  'input_audio_buffer.commit': z.strictObject({ ...id, type: z.literal('input_audio_buffer.commit') }),
  'input_audio_buffer.clear': z.strictObject({ ...id, type: z.literal('input_audio_buffer.clear') }),
  'conversation.item.create': z.strictObject({
    ...id,
    type: z.literal('conversation.item.create'),
    previous_item_id: z.string().nullish(),
    item: newItemSchema,
  }),
  'conversation.item.truncate': z.strictObject({
    ...id,
    type: z.literal('conversation.item.truncate'),
    item_id: z.string(),
    content_index: z.int().min(0).max(0),
    audio_end_ms: z.int().min(0),
  }),
  'conversation.item.delete': z.strictObject({
    ...id,
    type: z.literal('conversation.item.delete'),
    item_id: z.string(),
  }),
  'conversation.item.retrieve': z.strictObject({
    ...id,
    type: z.literal('conversation.item.retrieve'),
    item_id: z.string(),
  }),
  'response.create': z.strictObject({
    ...id,
    type: z.literal('response.create'),
    response: responseParamsSchema.nullish(),
  }),
  'response.cancel': z.strictObject({
    ...id,
    type: z.literal('response.cancel'),
    response_id: z.string().nullish(),
  }),
} as const;

type Schemas = typeof schemas;
export type ClientEventType = keyof Schemas;
export type ClientEvent = { [T in ClientEventType]: z.output<Schemas[T]> }[ClientEventType];
export type ResponseParams = z.output<typeof responseParamsSchema>;

/** A parsed frame, or its error with the client's event id for `error.event_id`. */
export type ParsedFrame =
  | { readonly ok: true; readonly event: ClientEvent; readonly eventId: string | null }
  | { readonly ok: false; readonly error: ProtocolError; readonly eventId: string | null };

/** How most clients write an append event; base64 needs no unescaping, so such a frame needs no JSON parser. */
const APPEND_START = Buffer.from('{"type":"input_audio_buffer.append","audio":"');
const APPEND_END = Buffer.from('"}');

/** Parses one WebSocket message. */
export function parseFrame(data: Buffer, isBinary: boolean): ParsedFrame {
  if (isBinary) return { ok: false, error: errors.binaryFrame(), eventId: null };
  const audio = plainAppend(data);
  if (audio !== null) return { ok: true, event: { type: 'input_audio_buffer.append', audio }, eventId: null };
  const json = parseJson(data);
  if (!json.ok) return { ...json, eventId: null };
  const event = json.value;
  const eventId = 'event_id' in event && typeof event.event_id === 'string' ? event.event_id : null;
  const parsed = parseEvent(event);
  return parsed.ok ? { ok: true, event: parsed.value, eventId } : { ...parsed, eventId };
}

/** The audio of an append event in its usual spelling; null for anything that needs a real parse. */
function plainAppend(data: Buffer): string | null {
  const start = APPEND_START.length;
  const end = data.length - APPEND_END.length;
  if (end <= start || data.compare(APPEND_START, 0, start, 0, start) !== 0) return null;
  if (data.compare(APPEND_END, 0, APPEND_END.length, end) !== 0) return null;
  // A quote or a backslash inside means that the value ends earlier or is escaped.
  const quote = data.indexOf(0x22, start);
  if (quote !== end || data.includes(0x5c, start)) return null;
  return data.toString('latin1', start, end);
}

function parseJson(data: Buffer): Parsed<object> {
  try {
    const value: unknown = JSON.parse(data.toString('utf8'));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ok: true, value };
    return refused(errors.missingType());
  } catch {
    // The parser's own message would echo the client's content; the code says all there is to say.
    return refused(errors.invalidJson());
  }
}

function parseEvent(event: object): Parsed<ClientEvent> {
  const type: unknown = 'type' in event ? event.type : undefined;
  if (type === undefined || type === null) return refused(errors.missingType());
  if (typeof type !== 'string' || !isKnown(type)) return refused(errors.unknownType(type));
  if ('event_id' in event && typeof event.event_id === 'string' && event.event_id.length > EVENT_ID_MAX) {
    return refused(eventIdTooLong(event.event_id.length));
  }
  // Audio is nearly all traffic: its one field is checked by hand.
  if (type === 'input_audio_buffer.append') {
    if (!('audio' in event)) return refused(missingParameter('audio'));
    if (typeof event.audio === 'string') return { ok: true, value: { type, audio: event.audio } };
  }
  return parseWith(schemas[type], event, '');
}

function isKnown(type: string): type is ClientEventType {
  return Object.hasOwn(schemas, type);
}

function eventIdTooLong(length: number): ProtocolError {
  return protocolError(
    'string_above_max_length',
    `Invalid 'event_id': string too long. Expected a string with maximum length ${EVENT_ID_MAX}, ` +
      `but got a string with length ${length} instead.`,
    'event_id',
  );
}
