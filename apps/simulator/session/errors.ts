// Every error event of the protocol (facts 3.4), as values. Guarantees the exact code, message and param where a
// source gives them; those marked "invented" have no public source. Leaves sending and closing to the session.
import type { RateRefusal } from '../limiter.js';

/** The body of an `error` event, without the ids. */
export interface ProtocolError {
  readonly code: string | null;
  readonly message: string;
  readonly param: string | null;
}

/** A parsed value or the error to send. */
export type Parsed<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: ProtocolError };

/** Client event types as the `invalid_value` message lists them (captured text). */
const SUPPORTED_TYPES = [
  'session.update',
  'session.close',
  'input_audio_buffer.append',
  'session.input_audio_buffer.append',
  'input_audio_buffer.commit',
  'input_audio_buffer.clear',
  'conversation.item.create',
  'conversation.item.truncate',
  'conversation.item.delete',
  'conversation.item.retrieve',
  'response.create',
  'response.cancel',
];

/** Builds an error; `param` is null unless given. */
export function protocolError(code: string | null, message: string, param: string | null = null): ProtocolError {
  return { code, message, param };
}

/** Wraps an error as a failed parse. */
export function refused<T>(error: ProtocolError): Parsed<T> {
  return { ok: false, error };
}

/** A client's value as a message shows it. */
export function shown(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? 'undefined');
}

/** "Invalid value: 'x'. Supported values are: 'a', 'b', and 'c'." */
export function unsupportedValue(given: string, supported: readonly string[], param: string): ProtocolError {
  const message = `Invalid value: '${given}'. Supported values are: ${quotedList(supported)}.`;
  return protocolError('invalid_value', message, param);
}

/** "Missing required parameter: 'session.type'." */
export function missingParameter(path: string): ProtocolError {
  return protocolError('missing_required_parameter', `Missing required parameter: '${path}'.`, path);
}

/** The fixed errors and those that only carry a figure or an id. */
export const errors = {
  // Invented wording; the code is captured.
  invalidJson: () => protocolError('invalid_json', 'Invalid JSON: the message could not be parsed.'),
  binaryFrame: () =>
    protocolError('invalid_event', 'Expected a text WebSocket message; binary frames are not supported.'),
  missingType: () => protocolError('invalid_event', "The 'type' field is missing."),
  unknownType: (type: unknown) => unsupportedValue(shown(type), SUPPORTED_TYPES, 'type'),
  typeSwitch: (from: string, to: string) =>
    protocolError(null, `Passing a ${to} session update event to a ${from} session is not allowed.`),
  activeResponse: (id: string) =>
    protocolError(
      'conversation_already_has_active_response',
      `Conversation already has an active response in progress: ${id}. ` +
        'Wait until the response is finished before creating a new one.',
    ),
  cancelNotActive: () => protocolError('response_cancel_not_active', 'Cancellation failed: no active response found'),
  commitEmpty: (bufferMs: number) =>
    protocolError(
      'input_audio_buffer_commit_empty',
      'Error committing input audio buffer: buffer too small. Expected at least 100ms of audio, ' +
        `but buffer only has ${bufferMs.toFixed(2)}ms of audio.`,
    ),
  itemUnknown: (verb: 'delete' | 'retrieve' | 'truncate' | 'create', id: string) =>
    protocolError(
      verb === 'create' ? 'invalid_value' : `item_${verb}_invalid_item_id`,
      `Error ${ACTING[verb]} item: the item with id '${id}' does not exist.`,
      verb === 'create' ? 'previous_item_id' : null,
    ),
  truncateTooLong: (haveMs: number, askedMs: number) =>
    protocolError('invalid_value', `Audio content of ${haveMs}ms is already shorter than ${askedMs}ms`),
  truncateNotAudio: () => protocolError(null, 'Only model output audio messages can be truncated'),
  voiceLocked: () =>
    protocolError('cannot_update_voice', "Cannot update a conversation's voice if assistant audio is present."),
  // Invented wording from here on; the rules are documented.
  tracingLocked: () =>
    protocolError('invalid_value', 'Cannot update tracing once it has been enabled.', 'session.tracing'),
  modelLocked: () =>
    protocolError('invalid_value', "Cannot change a session's model after it is created.", 'session.model'),
  turnDetectionForbidden: (model: string) =>
    protocolError(
      'invalid_value',
      `Turn detection is not supported with the transcription model '${model}'; set it to null.`,
      'session.audio.input.turn_detection',
    ),
  assistantAudioItem: () =>
    protocolError('invalid_value', 'Assistant audio messages cannot be created by the client.', 'item.content'),
  notInThisSession: (type: string) =>
    protocolError('invalid_value', `The event '${type}' is not allowed in this type of session.`, 'type'),
  badAudio: () => protocolError('invalid_value', "Invalid 'audio'. Expected base64-encoded audio bytes.", 'audio'),
  audioTooLarge: () =>
    protocolError('invalid_value', "Invalid 'audio'. An append event may carry at most 15 MiB of audio.", 'audio'),
  bufferFull: (ms: number) =>
    protocolError(
      'input_audio_buffer_full',
      `The input audio buffer is full: it already holds ${Math.round(ms)}ms of audio. Commit or clear it first.`,
    ),
} as const;

const ACTING = { delete: 'deleting', retrieve: 'retrieving', truncate: 'truncating', create: 'creating' } as const;

/** The error inside a failed `response.done` when a rate limit was hit (facts 4.3). */
export function rateLimitFailure(model: string, refusal: RateRefusal): { type: string; code: string; message: string } {
  const { bucket, limit, used, requested, retryAfterMs } = refusal;
  return {
    type: 'tokens',
    code: 'rate_limit_exceeded',
    message:
      `Rate limit reached for ${model} (for limit ${bucket}) in organization org-EXAMPLE on tokens per min (TPM): ` +
      `Limit ${limit}, Used ${used}, Requested ${requested}. Please try again in ${waitText(retryAfterMs)}. ` +
      'Visit https://platform.openai.com/account/rate-limits to learn more.',
  };
}

/** The error inside a failed `response.done` of a model that is listed but not granted (facts 1.4). */
export function modelNotGranted(model: string): { type: string; code: string; message: string } {
  return {
    type: 'invalid_request_error',
    code: 'model_not_found',
    message: `The model \`${model}\` does not exist or you do not have access to it.`,
  };
}

/** "7.853s" and "1m26.4s". */
function waitText(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  const seconds = (ms - minutes * 60_000) / 1000;
  return minutes > 0 ? `${minutes}m${seconds}s` : `${seconds}s`;
}

function quotedList(values: readonly string[]): string {
  const quoted = values.map((value) => `'${value}'`);
  if (quoted.length < 3) return quoted.join(' and ');
  return `${quoted.slice(0, -1).join(', ')}, and ${quoted.at(-1) ?? ''}`;
}
