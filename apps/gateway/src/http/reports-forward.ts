// `GET /v1/organization/*` passed on to the control plane: the gateway may not reach the books, and apps know one address.
// Guarantees a deadline, that a body is streamed and not kept, and OpenAI's error shape when the control plane is away.
// The key goes along and is judged there again, with its scope.
import { request as requestHttp, type ClientRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { request as requestHttps } from 'node:https';
import { pipeline } from 'node:stream/promises';
import type { Log } from '@trunkline/platform/logging';
import { RefusedRequest } from './parts.js';

// The control plane gives a read 5 s; nobody waits for more than that and the way there.
const ANSWER_MS_MAX = 10_000;
const RETRY_AFTER_MS = 5_000;
const PASSED_ON = ['content-type', 'x-request-id', 'x-should-retry', 'retry-after', 'cache-control'] as const;

/** A request as express hands it over: its target as it came. */
type Asked = Pick<IncomingMessage, 'headers'> & { readonly originalUrl: string };

/** Passes questions about usage on. */
export class ReportsForward {
  /** @param baseUrl scheme, host and port; null while there is no control plane. */
  constructor(
    private readonly baseUrl: () => string | null,
    private readonly log: Pick<Log, 'warn'>,
  ) {}

  /** Answers the request. @throws RefusedRequest `reports_unavailable` when no answer began in time. */
  async forward(request: Asked, response: ServerResponse): Promise<void> {
    const deadline = AbortSignal.timeout(ANSWER_MS_MAX);
    const answer = await this.ask(request, deadline).catch((error: unknown) => {
      this.log.warn({ event: 'reports_unavailable', err: error }, 'the API did not answer a question about usage');
      throw unavailable();
    });
    response.statusCode = answer.statusCode ?? 502;
    for (const name of PASSED_ON) {
      const value = answer.headers[name];
      if (value !== undefined) response.setHeader(name, value);
    }
    // What breaks now breaks the connection: a status has been told already.
    await pipeline(answer, response, { signal: deadline }).catch(() => response.destroy());
  }

  private ask(request: Asked, signal: AbortSignal): Promise<IncomingMessage> {
    const baseUrl = this.baseUrl();
    if (baseUrl === null) return Promise.reject(new Error('TRUNKLINE_API_URL is not set'));
    // Path and query only: a request target may name a host of its own, and that must not get the key.
    const { pathname, search } = new URL(request.originalUrl, baseUrl);
    const url = Object.assign(new URL(baseUrl), { pathname, search });
    const headers = {
      // The control plane takes no foreign host names, and its own name is none that it knows of itself.
      host: 'localhost',
      accept: 'application/json',
      authorization: request.headers.authorization,
      ...(request.headers.origin === undefined ? {} : { origin: request.headers.origin }),
    };
    return new Promise((resolve, reject) => {
      const send = url.protocol === 'https:' ? requestHttps : requestHttp;
      const asked: ClientRequest = send(url, { method: 'GET', headers, signal }, resolve);
      asked.once('error', reject);
      asked.end();
    });
  }
}

function unavailable(): RefusedRequest {
  return new RefusedRequest({
    code: 'reports_unavailable',
    message: 'Usage and costs cannot be read at the moment. Try again in a few seconds; sessions are not concerned.',
    retryAfterMs: RETRY_AFTER_MS,
  });
}
