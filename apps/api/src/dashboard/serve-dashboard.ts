// Serves the built dashboard: its files, and its one page for every address below /admin that is not a route of ours. Open to
// everybody who reaches the listener: it is code without a secret, and asks the API like any other program. Its content security
// policy lets it load and reach nothing but this listener and, for the playground, the gateway.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import express, { type RequestHandler } from 'express';

/** What it is served from. */
export interface DashboardFiles {
  /** The folder that the build wrote. */
  readonly dir: string;
  /** Where the playground talks to, such as `http://127.0.0.1:8080`; null: there is none. */
  readonly gatewayUrl: string | null;
}

// Everything below /admin that is answered by a controller. A spec holds this list against the routes.
const ROUTES = /^\/admin\/(api|start|sign-in|sign-out|statements)(\/|$)/i;
const PAGE = /^\/admin(\/|$)/i;
// Their names change with their content.
const ASSET_MAX_AGE = '1y';

/** Whether a path is the dashboard's: a route of the API keeps its own answer, also where it has none. */
export function isDashboardPath(path: string): boolean {
  return PAGE.test(path) && !ROUTES.test(path);
}

/** The middleware. Without a build it answers nothing, and the listener says that there is nothing there. */
export function serveDashboard({ dir, gatewayUrl }: DashboardFiles): RequestHandler {
  const page = join(dir, 'index.html');
  const assets = express.static(join(dir, 'assets'), { index: false, immutable: true, maxAge: ASSET_MAX_AGE });
  const policy = contentSecurityPolicy(gatewayUrl);
  return (request, response, next) => {
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    if (!isRead || !isDashboardPath(request.path) || !existsSync(page)) return next();
    response.set('content-security-policy', policy);
    if (!request.path.startsWith('/admin/assets/')) return response.sendFile(page);
    response.removeHeader('cache-control');
    request.url = request.url.slice('/admin/assets'.length);
    assets(request, response, () => {
      request.url = request.originalUrl;
      response.set('cache-control', 'no-store');
      next();
    });
  };
}

/** What the dashboard may load and reach. Its worklet and the sound that it plays come from its own files and memory. */
export function contentSecurityPolicy(gatewayUrl: string | null): string {
  const gateway = gatewayUrl === null ? '' : ` ${gatewayUrl} ${gatewayUrl.replace(/^http/, 'ws')}`;
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    `connect-src 'self'${gateway}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
}
