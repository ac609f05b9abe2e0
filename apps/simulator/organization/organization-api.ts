// `GET /v1/organization/usage/*` and `/v1/organization/costs`, for admin keys. Guarantees OpenAI-shaped refusals; what was
// used comes from the books, so that the answers are what the sessions made, save for the discrepancies that are asked for.
import type { IncomingMessage } from 'node:http';
import type { Books } from '../books.js';
import type { SimulatorConfig } from '../config.js';
import { bearerOf, missingKey, notFound, wrongKeyMessage } from '../handshake.js';
import type { Target } from '../target.js';
import { answer } from './answers.js';
import { PATHS, QueryRefused, readQuery, type Question } from './query.js';

const ROOT = '/v1/organization/';

/** Whether a path is about the organization. */
export function isOrganization(path: string): boolean {
  return path.startsWith(ROOT);
}

/** Answers one request. */
export function answerOrganization(
  request: IncomingMessage,
  { pathname, query }: Target,
  { books, config }: { readonly books: Books; readonly config: SimulatorConfig },
): { status: number; body: unknown } {
  const method = request.method ?? 'GET';
  const question = questionOf(pathname);
  if (question === null || method !== 'GET') return failed(404, notFound(method, pathname));
  const refusal = keyRefusal(bearerOf(request), config);
  if (refusal !== null) return refusal;
  try {
    const asked = readQuery(question, query, Math.floor(books.now / 1000));
    const { organization } = config;
    return { status: 200, body: answer(question, asked, { used: books.used(), config: organization }) };
  } catch (error) {
    if (!(error instanceof QueryRefused)) throw error;
    const { message, param } = error;
    return failed(400, { message, type: 'invalid_request_error', param, code: null });
  }
}

function questionOf(path: string): Question | null {
  const name = path.slice(ROOT.length).replace(/^usage\/(?!costs$)/, '');
  const hasFolder = path.startsWith(`${ROOT}usage/`);
  return PATHS.find((each) => each === name && hasFolder === (each !== 'costs')) ?? null;
}

function keyRefusal(key: string | null, config: SimulatorConfig): { status: number; body: unknown } | null {
  if (key === null) return failed(401, missingKey());
  if (config.organization.adminKeys.includes(key)) return null;
  if (!config.apiKeys.includes(key))
    return failed(401, {
      message: wrongKeyMessage(key),
      type: 'invalid_request_error',
      param: null,
      code: 'invalid_api_key',
    });
  const message = 'You have insufficient permissions for this operation. Missing scopes: api.usage.read.';
  return failed(403, { message, type: 'invalid_request_error', param: null, code: null });
}

function failed(status: number, error: Record<string, unknown>): { status: number; body: unknown } {
  return { status, body: { error } };
}
