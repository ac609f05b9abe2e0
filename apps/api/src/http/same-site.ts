import type { Request } from 'express';
import { RefusedRequest } from './problem.js';

/**
 * Refuses a change that a page of another site made a browser ask for. The cookie stays at home then anyway (SameSite);
 * this is the second lock. Programs send no such header.
 * @throws RefusedRequest `foreign_site`
 */
export function assertOwnSite({ headers }: Pick<Request, 'headers'>): void {
  const site = headers['sec-fetch-site'];
  if (site === undefined || site === 'same-origin' || site === 'none') return;
  throw new RefusedRequest('foreign_site', { detail: 'Changes are made from our own pages, or by programs.' });
}
