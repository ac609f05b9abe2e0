// How the dashboard asks the admin API. Every failure becomes an `ApiProblem` with the words of the API, so that a screen can
// say what to do; nothing is asked of any other host. What needs a sign-in waits for it and is then asked again, so that
// nobody fills a form in twice.
import { signInNeededBy, signedInAgain } from './sign-in-needed.js';

/** Where the API is. */
export const API = '/admin/api/v1';

/** Tells who is signed in; the one read that waits for no sign-in, since it finds out whether there is one. */
export const WHO = '/me';

/** What the API answers instead of what was asked for; status 0: it did not answer. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    /** To quote, and to find in the log. */
    readonly requestId: string | null,
  ) {
    super(`${code}: ${detail}`);
  }
}

interface ProblemBody {
  readonly code?: string;
  readonly title?: string;
  readonly detail?: string;
  readonly instance?: string;
}

/** Reads. @param path below `API`, with its query. @throws ApiProblem */
export function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  return ask<T>(path, signal === undefined ? {} : { signal });
}

/** Changes something. @throws ApiProblem */
export function sendJson<T>(path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<T> {
  const sent = { 'content-type': 'application/json', ...headers };
  return ask<T>(path, { method: 'POST', headers: sent, body: JSON.stringify(body) });
}

/** A path with the parts of its query that are there. */
export function withQuery(path: string, query: Readonly<Record<string, string | null | undefined>>): string {
  const given = Object.entries(query).flatMap(([name, value]) => (value ? [[name, value]] : []));
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given).toString()}`;
}

async function ask<T>(path: string, init: RequestInit): Promise<T> {
  const response = await fetch(`${API}${path}`, { ...init, credentials: 'same-origin' }).catch((error: unknown) => {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiProblem(0, 'offline', '', null);
  });
  if (!response.ok) {
    const problem = await problemOf(response);
    const reason = path === WHO ? null : signInNeededBy(problem.code);
    if (reason !== null && (await signedInAgain(reason))) return ask(path, init);
    throw problem;
  }
  // The one parser of answers: their types are those of the API.
  return response.status === 204 ? (undefined as T) : ((await response.json()) as T);
}

async function problemOf(response: Response): Promise<ApiProblem> {
  const body = (await response.json().catch(() => ({}))) as ProblemBody;
  const { code = 'unknown', detail, title, instance = null } = body;
  return new ApiProblem(response.status, code, detail ?? title ?? response.statusText, instance);
}
