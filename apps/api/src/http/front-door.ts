// What happens to every request before anything looks at its path: headers that keep browsers from doing more with an
// answer than show it, and a refusal of foreign host names. Ten headers of our own rather than a library: each is a line.
import type { NextFunction, Request, Response } from 'express';
import { STYLE_SOURCE } from '../html/page-style.js';
import { requestIdOf, sendProblem } from './send-problem.js';

const HEADERS = {
  // No script at all; the one style sheet by its hash; the icon is an empty data URL.
  'content-security-policy': `default-src 'none'; style-src ${STYLE_SOURCE}; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  // The address of a page may hold a one-time token.
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
} as const;

/** Middleware for all requests. @param isOurs judges `Host` headers */
export function frontDoor(
  isOurs: (host: string | undefined) => boolean,
): (request: Request, response: Response, next: NextFunction) => void {
  return (request, response, next) => {
    response.set(HEADERS);
    if (isOurs(request.headers.host)) return next();
    sendProblem(request, response, {
      code: 'host_not_allowed',
      words: {
        detail: 'Use the address that Trunkline printed: localhost, an IP address, or the name given as --host.',
      },
      requestId: requestIdOf(request),
    });
  };
}
