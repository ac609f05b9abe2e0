// POST /v1/moderations as OpenAI answers it (facts 2.7): free, one result per text, one for all parts of a multi-modal
// input. Guarantees OpenAI-shaped errors, bounded bodies, and an entry in the books for every answer; faults at
// `moderation` make it slow, silent, broken or wrong.
import type { IncomingMessage } from 'node:http';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { Fault } from '../faults.js';
import { bearerOf, missingKey, wrongKeyMessage } from '../handshake.js';
import type { Inspected } from '../inspect.js';
import { classify, type ModerationInput } from './classify.js';

const BODY_BYTES_MAX = 25 * 1024 * 1024;
const MODELS = ['omni-moderation-latest', 'omni-moderation-2024-09-26'];

const part = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text'), text: z.string() }),
  z.object({ type: z.literal('image_url'), image_url: z.object({ url: z.string().min(1) }) }),
]);
const questionSchema = z.object({
  model: z.string().default('omni-moderation-latest'),
  input: z.union([z.string(), z.array(z.string()).min(1), z.array(part).min(1)]),
});

/** An answer; null: none, for ever. */
type Answer = { readonly status: number; readonly body: unknown } | null;

/** Answers one request. */
export async function answerModeration(request: IncomingMessage, inspected: Inspected): Promise<Answer> {
  const { config, moderations, faults } = inspected;
  const key = bearerOf(request);
  if (key === null) return failed(401, missingKey());
  if (!config.current.apiKeys.includes(key)) return failed(401, error(wrongKeyMessage(key), null, 'invalid_api_key'));
  const text = await bodyOf(request);
  if (text === null) return failed(413, error(`The body is larger than ${BODY_BYTES_MAX} bytes.`, null, null));
  const question = questionSchema.safeParse(jsonOf(text));
  if (!question.success) return failed(400, error("Invalid type for 'input'.", 'input', 'invalid_type'));
  const { model, input } = question.data;
  if (!MODELS.includes(model))
    return failed(404, error(`The model '${model}' does not exist`, 'model', 'model_not_found'));
  const fault = faults.fire('moderation', { model, key, sessionIndex: null });
  const wrong = fault === null ? undefined : await faulty(fault, request);
  if (wrong !== undefined) return wrong;
  const results = questionsOf(input).map(classify);
  const id = `modr-${randomUUID().replaceAll('-', '').slice(0, 24)}`;
  moderations.enter({ id, key, model, results: results.length, flagged: results.some(({ flagged }) => flagged) });
  return { status: 200, body: { id, model, results } };
}

/** What a fault makes of an answer; undefined: nothing, it was only late. */
async function faulty({ action, ms }: Fault, request: IncomingMessage): Promise<Answer | undefined> {
  switch (action) {
    case 'slow':
      await delay(ms ?? 1_000);
      return undefined;
    case 'http_429':
      return failed(429, {
        ...error('Rate limit reached for requests', null, 'rate_limit_exceeded'),
        type: 'requests',
      });
    case 'http_500':
      return failed(500, {
        ...error('The server had an error while processing your request.', null, null),
        type: 'server_error',
      });
    case 'garbage':
      return { status: 200, body: { id: 'modr-garbage', results: 'none' } };
    case 'reset':
      request.socket.resetAndDestroy();
      return null;
    default:
      return null;
  }
}

function questionsOf(input: z.output<typeof questionSchema>['input']): readonly (readonly ModerationInput[])[] {
  if (typeof input === 'string') return [[{ type: 'text', text: input }]];
  const texts = input.filter((each) => typeof each === 'string');
  if (texts.length > 0) return texts.map((text) => [{ type: 'text' as const, text }]);
  return [input.flatMap((each) => (typeof each === 'string' ? [] : [inputOf(each)]))];
}

function inputOf(each: z.output<typeof part>): ModerationInput {
  if (each.type === 'text') return { type: 'text', text: each.text };
  const base64 = /^data:[^,]*;base64,(.*)$/s.exec(each.image_url.url)?.[1];
  const text = base64 === undefined ? each.image_url.url : Buffer.from(base64, 'base64').toString('latin1');
  return { type: 'image', text };
}

async function bodyOf(request: IncomingMessage): Promise<string | null> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request) {
    if (!Buffer.isBuffer(piece)) continue;
    bytes += piece.length;
    if (bytes > BODY_BYTES_MAX) return null;
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function error(message: string, param: string | null, code: string | null): Record<string, unknown> {
  return { message, type: 'invalid_request_error', param, code };
}

function failed(status: number, body: Record<string, unknown>): Answer {
  return { status, body: { error: body } };
}
