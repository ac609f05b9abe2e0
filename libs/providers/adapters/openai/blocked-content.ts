// What is left for the app of a response that was blocked: the events that its SDK waits for, without what was said. A
// call of a tool is left out altogether, for an app would make it with whatever arguments it finds.
import { MARK_FIELD } from './gate-words.js';
import { asList, asObject, parseObject, textOrNull, type Json } from './json.js';

/** Fields in which events of a response hold what was said. */
const SAID = ['delta', 'transcript', 'text', 'arguments', 'audio'] as const;
const TOOL_CALLS = new Set(['function_call', 'mcp_call', 'mcp_approval_request']);
const CALL_ARGUMENTS = /arguments\.(delta|done)$/;
const AUDIO_DELTA = 'response.output_audio.delta';
/** Events that carry only what was said. */
const NOTHING_ELSE = /(\.delta|arguments\.done)$/;

/** What an event of a blocked response says about itself. */
export interface BlockedEvent {
  readonly type: string;
  readonly responseId: string | null;
  /** Of the end of a response: whether the gate had it spoken. */
  readonly isOurs: boolean;
  /** Of an event with a whole response: whether it stands beside the conversation. */
  readonly isAside: boolean;
  /** Of the end of a response: whether it was stopped. */
  readonly isCancelled: boolean;
  /** Bytes of audio in it, decoded. */
  readonly audioBytes: number;
  /** Whether a call of a tool, or a part of one, stands in it. */
  readonly isCall: boolean;
  /** Items that it names; of `response.done`, all that the response made. */
  readonly items: readonly { readonly id: string; readonly isSpoken: boolean }[];
  /** The event without what was said; null when nothing is left of it. */
  readonly rest: Buffer | null;
}

/** Reads an event of the upstream and takes out what was said. Null for what is no event. */
export function withoutWhatWasSaid(payload: Buffer): BlockedEvent | null {
  const event = parseObject(payload);
  const type = textOrNull(event?.['type']);
  if (event === null || type === null) return null;
  const response = asObject(event['response']);
  const item = asObject(event['item']);
  const output = asList(response?.['output']).map(asObject);
  const items = [item, ...output].flatMap((each) => itemOf(each));
  const isGone = NOTHING_ELSE.test(type) || (item !== null && isToolCall(item));
  const own = textOrNull(event['item_id']);
  const found = {
    type,
    responseId: textOrNull(event['response_id']) ?? textOrNull(response?.['id']),
    isOurs: textOrNull(asObject(response?.['metadata'])?.[MARK_FIELD]) !== null,
    isAside: response !== null && response['conversation_id'] === null,
    isCancelled: response?.['status'] === 'cancelled',
    audioBytes: type === AUDIO_DELTA ? Buffer.byteLength(textOrNull(event['delta']) ?? '', 'base64') : 0,
    isCall: CALL_ARGUMENTS.test(type) || [item, ...output].some((each) => each !== null && isToolCall(each)),
    items: own === null ? items : [...items, { id: own, isSpoken: false }],
  };
  if (isGone) return { ...found, rest: null };
  clear(event);
  clear(asObject(event['part']));
  clearItem(item);
  if (response !== null && Array.isArray(response['output'])) {
    response['output'] = output.filter((each) => each !== null && !isToolCall(each));
    for (const each of output) clearItem(each);
  }
  return { ...found, rest: Buffer.from(JSON.stringify(event)) };
}

function itemOf(item: Json | null): BlockedEvent['items'] {
  const id = textOrNull(item?.['id']);
  const isSpoken = asList(item?.['content']).some((part) => asObject(part)?.['type'] === 'output_audio');
  return id === null ? [] : [{ id, isSpoken }];
}

function isToolCall(item: Json): boolean {
  const type = textOrNull(item['type']);
  return type !== null && TOOL_CALLS.has(type);
}

function clearItem(item: Json | null): void {
  for (const part of asList(item?.['content'])) clear(asObject(part));
}

function clear(object: Json | null): void {
  if (object === null) return;
  for (const field of SAID) if (typeof object[field] === 'string') object[field] = '';
}
