// The operators' listener: metrics and health, apart from the apps' port so that nobody outside sees them. `livez` says
// only that the event loop turns (a probe that asked dependencies would have live calls killed with them); `readyz` says
// whether new sessions should be sent here.
import { createServer, type Server, type ServerResponse } from 'node:http';

/** One condition of readiness. Cheap and synchronous: it reads a state that somebody else keeps. */
export interface ReadyCheck {
  readonly name: string;
  /** Null when fine, else what is wrong, in a few words and without secrets. */
  readonly problem: () => string | null;
}

export interface OpsServerParts {
  readonly metrics: { readonly contentType: string; scrape(): Promise<string> };
  readonly checks: readonly ReadyCheck[];
}

/** Makes the server; the caller listens and closes. Routes: `/metrics`, `/livez`, `/readyz`, `/startupz`. */
export function createOpsServer(parts: OpsServerParts): Server {
  const ready = (response: ServerResponse) => {
    const problems = parts.checks.flatMap(({ name, problem }) => {
      const text = problem();
      return text === null ? [] : [`${name}: ${text}`];
    });
    answer(response, problems.length === 0 ? 200 : 503, problems.length === 0 ? 'ok\n' : `${problems.join('\n')}\n`);
  };
  const scrape = async (response: ServerResponse) => {
    try {
      answer(response, 200, await parts.metrics.scrape(), parts.metrics.contentType);
    } catch {
      answer(response, 500, 'the metrics could not be collected\n');
    }
  };
  return createServer((request, response) => {
    const path = (request.url ?? '').split('?')[0];
    if (path === '/livez') answer(response, 200, 'ok\n');
    else if (path === '/readyz' || path === '/startupz') ready(response);
    else if (path === '/metrics') void scrape(response);
    else answer(response, 404, 'not found: try /metrics, /livez or /readyz\n');
  });
}

function answer(response: ServerResponse, status: number, body: string, type = 'text/plain; charset=utf-8'): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}
