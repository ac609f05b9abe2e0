// The cookie that keeps an administrator signed in. Its name has the port in it: browsers share cookies between the ports
// of a host, and two installations on one machine would sign each other out.
import type { IncomingMessage } from 'node:http';
import { ADMIN_SESSION_MS_MAX } from '@trunkline/tenancy/adapters/prisma';
import type { Request, Response } from 'express';

const SECRET = /^[A-Za-z0-9_-]{43}$/;

/** Sets it. Not `Secure`: this listener speaks plain HTTP, and some browsers drop such a cookie there even on loopback. */
export function setAdminCookie(request: Request, response: Response, secret: string): void {
  response.cookie(cookieName(request), secret, {
    httpOnly: true,
    sameSite: 'strict',
    path: '/admin',
    maxAge: ADMIN_SESSION_MS_MAX,
  });
}

/** Takes it away. */
export function clearAdminCookie(request: Request, response: Response): void {
  response.clearCookie(cookieName(request), { httpOnly: true, sameSite: 'strict', path: '/admin' });
}

/** The secrets that the browser sent under its name: more than one when another site on this host set one too. */
export function adminCookies(request: Pick<IncomingMessage, 'headers' | 'socket'>): readonly string[] {
  const prefix = `${cookieName(request)}=`;
  return (request.headers.cookie ?? '')
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part.startsWith(prefix))
    .map((part) => part.slice(prefix.length))
    .filter((secret) => SECRET.test(secret));
}

function cookieName(request: Pick<IncomingMessage, 'socket'>): string {
  return `trunkline_admin_${request.socket.localPort ?? 0}`;
}
