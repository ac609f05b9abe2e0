// Plain HTTP: GET /v1/models, /v1/organization and POST /v1/moderations as OpenAI answers them, and the inspection endpoint
// /__simulator. Guarantees OpenAI-shaped errors for everything else; leaves the WebSocket to server.ts.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { randomUUID } from 'node:crypto';
import { bearerOf, missingKey, notFound, wrongKeyMessage } from './handshake.js';
import { inspect, type Inspected } from './inspect.js';
import type { ModelEntry } from './config.js';
import { answerModeration } from './moderation/moderation-api.js';
import { answerOrganization, isOrganization } from './organization/organization-api.js';
import { targetOf } from './target.js';

/** The models' `created`, in epoch seconds: the day GA began. Invented; clients do not read it. */
const MODEL_CREATED = 1_756_339_200;

/** Answers one HTTP request. */
export async function answerHttp(
  request: IncomingMessage,
  response: ServerResponse,
  inspected: Inspected,
): Promise<void> {
  const target = targetOf(request.url);
  if (target.pathname === '/__simulator' || target.pathname.startsWith('/__simulator/')) {
    const { status, body } = await inspect(request, target, inspected);
    return reply(response, status, body);
  }
  if (isOrganization(target.pathname)) {
    const { books, config } = inspected;
    const { status, body } = answerOrganization(request, target, { books, config: config.current });
    return reply(response, status, body);
  }
  if (request.method === 'POST' && target.pathname === '/v1/moderations') {
    const answer = await answerModeration(request, inspected);
    // No answer at all is one of the faults.
    if (answer !== null && !response.destroyed) reply(response, answer.status, answer.body);
    return;
  }
  const { status, body, headers } = answerApi(request, target.pathname, inspected);
  reply(response, status, body, headers);
}

function answerApi(
  request: IncomingMessage,
  path: string,
  { config }: Inspected,
): { status: number; body: unknown; headers?: Record<string, string> } {
  const method = request.method ?? 'GET';
  const isModels = path === '/v1/models' || path.startsWith('/v1/models/');
  if (path === '/v1/realtime' && method === 'GET') {
    const message = 'This endpoint speaks WebSocket: send an upgrade request.';
    return { ...failed(426, { message, type: 'invalid_request_error', param: null, code: null }), headers: UPGRADE };
  }
  if (!isModels || method !== 'GET') return failed(404, notFound(method, path));
  const key = bearerOf(request);
  if (key === null) return failed(401, missingKey());
  if (!config.current.apiKeys.includes(key)) {
    const message = wrongKeyMessage(key);
    return failed(401, { message, type: 'invalid_request_error', param: null, code: 'invalid_api_key' });
  }
  const { models } = config.current;
  if (path === '/v1/models') return { status: 200, body: { object: 'list', data: models.map(modelObject) } };
  const id = path.slice('/v1/models/'.length);
  const model = models.find((each) => each.id === id);
  if (model !== undefined) return { status: 200, body: modelObject(model) };
  const message = `The model '${id}' does not exist`;
  return failed(404, { message, type: 'invalid_request_error', param: 'model', code: 'model_not_found' });
}

const UPGRADE = { Upgrade: 'websocket', Connection: 'Upgrade' };

function failed(status: number, error: Record<string, unknown>): { status: number; body: unknown } {
  return { status, body: { error } };
}

function modelObject({ id }: ModelEntry): Record<string, unknown> {
  return { id, object: 'model', created: MODEL_CREATED, owned_by: 'system', shutdown_date: null };
}

function reply(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  const json = JSON.stringify(body);
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(json),
    'X-Request-Id': `req_${randomUUID().replaceAll('-', '')}`,
    ...headers,
  });
  response.end(json);
}
