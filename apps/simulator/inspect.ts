// The inspection endpoint: books, configuration, health. For tests and benchmarks; it has no authentication, so the
// simulator listens on the loopback address unless told otherwise. Guarantees bounded request bodies.
import type { IncomingMessage } from 'node:http';
import type { Books } from './books.js';
import type { ConfigHolder } from './config.js';
import type { FaultScript } from './faults.js';
import type { ModerationBooks } from './moderation/moderation-books.js';
import type { Target } from './target.js';

/** What can be inspected. */
export interface Inspected {
  readonly books: Books;
  readonly config: ConfigHolder;
  readonly moderations: ModerationBooks;
  /** For what is asked over HTTP. */
  readonly faults: FaultScript;
}

const BODY_BYTES_MAX = 1024 * 1024;

/** Answers one request below /__simulator. */
export async function inspect(
  request: IncomingMessage,
  target: Target,
  { books, config, moderations }: Inspected,
): Promise<{ status: number; body: unknown }> {
  switch (`${request.method ?? 'GET'} ${target.pathname}`) {
    case 'GET /__simulator/health':
      return ok({ status: 'ok', openSessions: books.openNow.total });
    case 'GET /__simulator/books':
      return ok({ sessions: books.list(filterOf(target)) });
    case 'GET /__simulator/books/summary':
      return ok(books.summary());
    case 'DELETE /__simulator/books':
      books.reset();
      moderations.reset();
      return ok(books.summary());
    case 'GET /__simulator/moderations':
      return ok({ answered: moderations.answered, moderations: moderations.list() });
    case 'GET /__simulator/config':
      return ok(config.current);
    case 'PUT /__simulator/config':
      return putConfig(request, config);
    default:
      return refused(404, `There is no ${request.method ?? 'GET'} ${target.pathname}; see apps/simulator/README.md.`);
  }
}

async function putConfig(request: IncomingMessage, config: ConfigHolder): Promise<{ status: number; body: unknown }> {
  const text = await readBody(request);
  if (text === null) return refused(413, `The configuration is larger than ${BODY_BYTES_MAX} bytes.`);
  try {
    return ok(config.patch(JSON.parse(text)));
  } catch (error) {
    return refused(400, error instanceof Error ? error.message : 'The body is not a configuration.');
  }
}

function filterOf({ query }: Target): { session?: string; model?: string; key?: string } {
  const filter: { session?: string; model?: string; key?: string } = {};
  for (const name of ['session', 'model', 'key'] as const) {
    const value = query.get(name);
    if (value !== null) filter[name] = value;
  }
  return filter;
}

async function readBody(request: IncomingMessage): Promise<string | null> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request) {
    if (!Buffer.isBuffer(part)) continue;
    size += part.length;
    if (size > BODY_BYTES_MAX) return null;
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function ok(body: unknown): { status: number; body: unknown } {
  return { status: 200, body };
}

function refused(status: number, message: string): { status: number; body: unknown } {
  return { status, body: { error: { message, type: 'simulator_error', param: null, code: null } } };
}
