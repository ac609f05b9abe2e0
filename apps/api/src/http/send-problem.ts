import { randomUUID } from 'node:crypto';
import type { Request, Response } from 'express';
import { markup } from '@trunkline/platform/html';
import { page } from '../html/page.js';
import { problemDetails, type ProblemCode, type ProblemDetails, type ProblemWords } from './problem.js';

const RETRY_SECONDS = 5;

// An id to quote, and to find in the log.
function newRequestId(): string {
  return `req_${randomUUID().replaceAll('-', '')}`;
}

/** The id of a request: one for its problem, its log lines and its entries of the record. */
export function requestIdOf(request: Request & { trunklineId?: string }): string {
  return (request.trunklineId ??= newRequestId());
}

/** Answers with a problem: a page to a browser that asked for one, else problem details. */
export function sendProblem(
  request: Request,
  response: Response,
  { code, words, requestId }: { readonly code: ProblemCode; readonly words: ProblemWords; readonly requestId: string },
): void {
  const problem = problemDetails(code, words, requestId);
  response.status(problem.status).set('x-request-id', requestId);
  // RFC 9110 wants a scheme with every 401; browsers take no notice of one they do not know.
  if (problem.status === 401)
    response.set('www-authenticate', 'OneTimeLink realm="Trunkline admin", Bearer realm="Trunkline admin"');
  if (problem.status === 503) response.set('retry-after', String(RETRY_SECONDS));
  if (wantsPage(request)) response.type('html').send(problemPage(problem));
  else response.type('application/problem+json').send(JSON.stringify(problem));
}

function wantsPage(request: Request): boolean {
  return !/^\/+admin\/+api(\/|$)/i.test(request.path) && (request.headers.accept ?? '').includes('text/html');
}

function problemPage(problem: ProblemDetails): string {
  // A cookie that is `SameSite=Strict` does not come along when another site led here; a click on our own page has it.
  const onward = problem.status < 500 ? markup`<p><a href="/admin">Go to the overview</a></p>` : null;
  return page({
    title: problem.title,
    subtitle: markup`Admin pages`,
    main: markup`<p>${problem.detail}</p>
${onward}
<p class="muted">Error ${problem.status} ${problem.code}, request <span class="id">${problem.instance}</span></p>`,
    refreshSeconds: problem.status === 503 ? RETRY_SECONDS : null,
  });
}
