// Conversation items: their wire shapes, and parsing of those a client creates. Guarantees that an item in an event
// has exactly the keys of the captures, in their order; leaves audio and order to conversation.ts.
import { z } from 'zod';

const statusSchema = z.enum(['in_progress', 'completed', 'incomplete']);

const inputTextSchema = z.strictObject({ type: z.literal('input_text'), text: z.string() });
const userPartSchema = z.discriminatedUnion('type', [
  inputTextSchema,
  z.strictObject({ type: z.literal('input_audio'), audio: z.base64(), transcript: z.string().nullish() }),
  z.strictObject({
    type: z.literal('input_image'),
    image_url: z.string().regex(/^data:image\/(png|jpeg);base64,[A-Za-z0-9+/]+={0,2}$/, {
      error: 'Invalid image. Expected a base64-encoded data URI with a PNG or JPEG image.',
    }),
    detail: z.enum(['auto', 'low', 'high']).default('auto'),
  }),
]);
const assistantPartSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('output_text'), text: z.string() }),
  z.strictObject({ type: z.literal('output_audio'), audio: z.string().optional(), transcript: z.string().nullish() }),
]);

const common = {
  id: z.string().min(1).optional(),
  object: z.literal('realtime.item').optional(),
  status: statusSchema.optional(),
};

/** An item in `conversation.item.create`. */
export const newItemSchema = z.discriminatedUnion('type', [
  z.discriminatedUnion('role', [
    z.strictObject({
      ...common,
      type: z.literal('message'),
      role: z.literal('user'),
      content: z.array(userPartSchema),
    }),
    z.strictObject({
      ...common,
      type: z.literal('message'),
      role: z.literal('system'),
      content: z.array(inputTextSchema),
    }),
    z.strictObject({
      ...common,
      type: z.literal('message'),
      role: z.literal('assistant'),
      content: z.array(assistantPartSchema),
    }),
  ]),
  z.strictObject({
    ...common,
    type: z.literal('function_call'),
    name: z.string(),
    call_id: z.string().optional(),
    arguments: z.string(),
  }),
  z.strictObject({
    ...common,
    type: z.literal('function_call_output'),
    call_id: z.string(),
    output: z.string(),
  }),
]);

/** An entry of `response.create`'s `input`: a new item or a reference to one of the conversation. */
export const inputItemSchema = z.union([
  z.strictObject({ type: z.literal('item_reference'), id: z.string() }),
  newItemSchema,
]);

export type NewItem = z.output<typeof newItemSchema>;
export type InputItem = z.output<typeof inputItemSchema>;
export type ItemStatus = z.output<typeof statusSchema>;

export type Part =
  | { readonly type: 'input_text'; readonly text: string }
  | { readonly type: 'input_audio'; readonly transcript: string | null }
  | { readonly type: 'input_image'; readonly image_url: string; readonly detail: 'auto' | 'low' | 'high' }
  | { readonly type: 'output_text'; readonly text: string }
  | { readonly type: 'output_audio'; readonly transcript: string | null };

/** An item as events show it: no `object` key and no audio bytes (facts 3.3). */
export type Item =
  | {
      readonly id: string;
      readonly type: 'message';
      readonly status: ItemStatus;
      readonly role: 'system' | 'user' | 'assistant';
      readonly content: readonly Part[];
    }
  | {
      readonly id: string;
      readonly type: 'function_call';
      readonly status: ItemStatus;
      readonly name: string;
      readonly call_id: string;
      readonly arguments: string;
    }
  | {
      readonly id: string;
      readonly type: 'function_call_output';
      readonly status: ItemStatus;
      readonly call_id: string;
      readonly output: string;
    };

/** The wire item for a client's item; `newCallId` serves a function call without one. */
export function toItem(created: NewItem, id: string, newCallId: () => string): Item {
  const status = created.status ?? 'completed';
  switch (created.type) {
    case 'message':
      return { id, type: 'message', status, role: created.role, content: created.content.map(toPart) };
    case 'function_call':
      return {
        id,
        type: 'function_call',
        status,
        name: created.name,
        call_id: created.call_id ?? newCallId(),
        arguments: created.arguments,
      };
    case 'function_call_output':
      return { id, type: 'function_call_output', status, call_id: created.call_id, output: created.output };
  }
}

type NewPart = Extract<NewItem, { type: 'message' }>['content'][number];

function toPart(part: NewPart): Part {
  switch (part.type) {
    case 'input_audio':
    case 'output_audio':
      return { type: part.type, transcript: part.transcript ?? null };
    default:
      return part;
  }
}

/** All text a reader of the item would see: texts and transcripts, in order. */
export function itemText(item: Item): string {
  switch (item.type) {
    case 'message':
      return item.content
        .map((part) => ('text' in part ? part.text : 'transcript' in part ? (part.transcript ?? '') : ''))
        .filter((text) => text !== '')
        .join(' ');
    case 'function_call':
      return item.name + item.arguments;
    case 'function_call_output':
      return item.output;
  }
}
