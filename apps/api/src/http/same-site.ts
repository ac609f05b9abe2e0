import type { Request } from 'express';
import { RefusedRequest } from './problem.js';

/**
 * Refuses a change that a page of another site made a browser ask for. The cookie stays at home then anyway (SameSite);
 * this is the second lock. Programs send no such headers. Asked of every request that may change something (`JsonBodies`).
 * @throws RefusedRequest `foreign_site`
 */
export function assertOwnSite({ headers }: Pick<Request, 'headers'>): void {
  const site = headers['sec-fetch-site'];
  // Older browsers name the page only.
  const isOwn = site === undefined ? isOwnPage(headers) : site === 'same-origin' || site === 'none';
  if (isOwn) return;
  throw new RefusedRequest('foreign_site', { detail: 'Changes are made from our own pages, or by programs.' });
}

/** Whether the page that a browser names is one of ours; programs name none. */
export function isOwnPage({ origin, host }: Request['headers']): boolean {
  return origin === undefined || (URL.canParse(origin) && new URL(origin).host === host);
}
