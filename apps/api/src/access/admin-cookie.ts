// The cookies of the admin pages. Where browsers come by TLS (`TRUNKLINE_ADMIN_URL` begins with https://, and they name its host)
// a cookie is `Secure` and `__Host-`: it goes over TLS only, and nobody on a neighbouring name can set one. Elsewhere this listener
// speaks plain HTTP, where browsers drop such cookies; the name then has the port in it, since browsers share cookies between the
// ports of a host, and two installations on one machine would sign each other out.
import type { IncomingMessage } from 'node:http';
import { ADMIN_SESSION_MS_MAX } from '@trunkline/tenancy/adapters/prisma';
import type { CookieOptions, Request, Response } from 'express';

const SECRET = /^[A-Za-z0-9_-]{43}$/;

/** What a cookie is called for a request, and how it is set. */
export interface CookieTerms {
  readonly name: string;
  readonly options: CookieOptions & { readonly secure: boolean; readonly path: string };
}

type Asking = Pick<IncomingMessage, 'headers' | 'socket'>;

/** Cookies as the address of the pages allows. */
export class AdminCookies {
  readonly #tlsHost: string | null;

  /** @param publicUrl where browsers come; null: as they say */
  constructor(publicUrl: string | null) {
    const url = publicUrl === null ? null : new URL(publicUrl);
    this.#tlsHost = url?.protocol === 'https:' ? url.host : null;
  }

  /** How a cookie is to be set. @param path below which it is needed; a `__Host-` cookie goes everywhere */
  terms({ headers, socket }: Asking, name: string, path: string): CookieTerms {
    if (this.#tlsHost !== null && headers.host?.toLowerCase() === this.#tlsHost)
      return { name: `__Host-${name}`, options: { httpOnly: true, secure: true, path: '/' } };
    return { name: `${name}_${socket.localPort ?? 0}`, options: { httpOnly: true, secure: false, path } };
  }

  /** Keeps an administrator signed in. */
  set(request: Request, response: Response, secret: string): void {
    const { name, options } = this.#ofAdmin(request);
    response.cookie(name, secret, { ...options, sameSite: 'strict', maxAge: ADMIN_SESSION_MS_MAX });
  }

  /** Takes it away. */
  clear(request: Request, response: Response): void {
    const { name, options } = this.#ofAdmin(request);
    response.clearCookie(name, { ...options, sameSite: 'strict' });
  }

  /** The secrets that the browser sent under its name: more than one when another site on this host set one too. */
  secretsOf(request: Asking): readonly string[] {
    return valuesOf(request, this.#ofAdmin(request).name).filter((secret) => SECRET.test(secret));
  }

  #ofAdmin(request: Asking): CookieTerms {
    return this.terms(request, 'trunkline_admin', '/admin');
  }
}

/** What a browser sent under a name. */
export function valuesOf({ headers }: Pick<IncomingMessage, 'headers'>, name: string): readonly string[] {
  return (headers.cookie ?? '')
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part.startsWith(`${name}=`))
    .map((part) => part.slice(name.length + 1));
}
