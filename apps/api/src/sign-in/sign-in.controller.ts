// `/admin/sign-in`: sends a browser to the company's issuer, and takes it back signed in. Open to everybody: what comes back is
// judged by the issuer's signature and by what this browser kept.
import { Controller, Get, HttpStatus, Inject, Req, Res } from '@nestjs/common';
import { markup } from '@trunkline/platform/html';
import { rolesOfGroups } from '@trunkline/tenancy';
import { recordRefusedSignIn, signInByGroups } from '@trunkline/tenancy/adapters/prisma';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { originOf } from '../access/access-of.js';
import { valuesOf, type CookieTerms } from '../access/admin-cookie.js';
import { OpenWithoutSession } from '../access/allow.js';
import { API_PARTS, type ApiRouteParts } from '../api-parts.js';
import { page } from '../html/page.js';
import { isDashboardPath } from '../dashboard/serve-dashboard.js';
import { RefusedRequest } from '../http/problem.js';
import { orTooLong } from '../reads/read-within.js';
import { IssuerUnavailable, Pending, type OidcSignIn } from './oidc.js';

const COOKIE = 'trunkline_sign_in';
const PATH = '/admin/sign-in';
const HOME = '/admin';
const PENDING_MS = 10 * 60_000;
// A browser keeps no larger cookie than 4 kB, and the rest of what is kept takes some of it.
const BACK_CHARS_MAX = 1_500;

/** What the browser keeps: what the issuer has to fit, and where in the dashboard it goes on. */
const Kept = Pending.extend({ back: z.string().max(BACK_CHARS_MAX) });

@Controller('admin/sign-in')
export class SignInController {
  constructor(@Inject(API_PARTS) private readonly parts: ApiRouteParts) {}

  /** To the issuer; with `?again=1` whoever is signed in there shows anew who they are. `?back=` is where they go on. */
  @Get()
  @OpenWithoutSession(true)
  async begin(@Req() request: Request, @Res() response: Response): Promise<void> {
    const { url, pending } = await this.#asked((oidc) =>
      oidc.begin(ownOrigin(request), request.query['again'] === '1'),
    );
    const keeps: z.output<typeof Kept> = { ...pending, back: backOf(request.query['back']) };
    const kept = Buffer.from(JSON.stringify(keeps)).toString('base64url');
    const { name, options } = this.#cookie(request);
    response.cookie(name, kept, { ...options, sameSite: 'lax', maxAge: PENDING_MS });
    response.redirect(HttpStatus.SEE_OTHER, url);
  }

  /** From the issuer. */
  @Get('callback')
  @OpenWithoutSession(true)
  async finish(@Req() request: Request, @Res() response: Response): Promise<void> {
    const { name, options } = this.#cookie(request);
    const pending = keptBy(request, name);
    response.clearCookie(name, { ...options, sameSite: 'lax' });
    if (pending === null) throw refused('This sign-in was not begun in this browser, or more than ten minutes ago.');
    const vouched = await this.#asked(async (oidc) => {
      const { groups, ...who } = await oidc.finish(ownOrigin(request), queryOf(request), pending);
      return { ...who, roles: rolesOfGroups(oidc.settings.groupRoles, groups) };
    }, request);
    const outcome = await orTooLong(signInByGroups(this.parts.tenancy, vouched, originOf(request)));
    if (!outcome.ok) throw refused('You are disabled here: ask an owner or administrator of this Trunkline.');
    this.parts.cookies.set(request, response, outcome.value);
    // The cookie stays at home (SameSite) while the issuer's redirect goes on; our own page takes it along.
    response.type('html').send(
      page({
        title: 'You are signed in',
        subtitle: markup`Admin pages`,
        main: markup`<p><a href="${pending.back}">Go on</a></p>`,
        refreshSeconds: 0,
        to: pending.back,
      }),
    );
  }

  #cookie(request: Request): CookieTerms {
    return this.parts.cookies.terms(request, COOKIE, PATH);
  }

  async #asked<T>(ask: (oidc: OidcSignIn) => Promise<T>, request?: Request): Promise<T> {
    const { signIn, tenancy, log } = this.parts;
    if (signIn === null)
      throw new RefusedRequest('sign_in_not_set_up', {
        detail:
          'No issuer is set here (TRUNKLINE_OIDC_ISSUER, docs/access.md): open a one-time link, `npm run cli -- member link`.',
      });
    try {
      return await ask(signIn);
    } catch (error) {
      log.warn({ event: 'sign_in_failed', err: error }, 'a sign-in by the issuer came to nothing');
      if (error instanceof IssuerUnavailable)
        throw new RefusedRequest('issuer_unavailable', {
          detail: 'The issuer does not answer. Try again; whoever runs this Trunkline sees why in its log.',
        });
      const why = error instanceof Error ? error.name : 'unknown';
      if (request) await recordRefusedSignIn(tenancy, { issuer: signIn.settings.issuer, why }, originOf(request));
      throw refused('What the issuer sent back does not fit, or it refused.');
    }
  }
}

function keptBy(request: Request, name: string): z.output<typeof Kept> | null {
  const [kept = ''] = valuesOf(request, name);
  try {
    return Kept.safeParse(JSON.parse(Buffer.from(kept, 'base64url').toString('utf8'))).data ?? null;
  } catch {
    return null;
  }
}

// An address of the dashboard on this host, and nothing else: a sign-in leads to no other site.
function backOf(asked: unknown): string {
  if (typeof asked !== 'string' || asked.length > BACK_CHARS_MAX) return HOME;
  const base = 'http://here.invalid';
  const url = URL.canParse(asked, base) ? new URL(asked, base) : null;
  const path = url === null ? '' : `${url.pathname}${url.search}`;
  const isOurs = url?.origin === base && isDashboardPath(url.pathname) && path.length <= BACK_CHARS_MAX;
  return isOurs ? path : HOME;
}

// The front door let in our own host names only.
function ownOrigin(request: Request): string {
  return `http://${request.headers.host ?? ''}`;
}

function queryOf(request: Request): string {
  const from = request.originalUrl.indexOf('?');
  return from === -1 ? '' : request.originalUrl.slice(from);
}

function refused(why: string): RefusedRequest {
  return new RefusedRequest('sign_in_refused', { detail: `${why} Begin again at /admin/sign-in.` });
}
