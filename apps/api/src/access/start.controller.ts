// `/admin/start`: turns the one-time link into a session cookie.
import { Controller, Get, HttpStatus, Inject, Req, Res } from '@nestjs/common';
import { signInByLink } from '@trunkline/tenancy/adapters/prisma';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { API_PARTS, type ApiRouteParts } from '../api-parts.js';
import { RefusedRequest } from '../http/problem.js';
import { OpenWithoutSession } from './allow.js';

const Query = z.object({ token: z.string().max(200) });

@Controller('admin/start')
export class StartController {
  constructor(@Inject(API_PARTS) private readonly parts: ApiRouteParts) {}

  @Get()
  @OpenWithoutSession(true)
  async start(@Req() request: Request, @Res() response: Response): Promise<void> {
    refuseLookers(request);
    const query = Query.safeParse(request.query);
    if (!query.success || !this.parts.link.redeem(query.data.token)) {
      throw new RefusedRequest('link_not_valid', {
        detail:
          'This link does not work (any more): it opens the admin pages once, within 24 hours of the start that printed it. Restart Trunkline to get a new link, or run `npm run cli -- member link` beside it.',
      });
    }
    const origin = { ip: request.socket.remoteAddress ?? null, userAgent: request.headers['user-agent'] ?? null };
    this.parts.cookies.set(request, response, await signInByLink(this.parts.tenancy, origin));
    this.parts.log.info({ event: 'admin_signed_in' }, 'somebody signed in with the one-time link');
    response.redirect(HttpStatus.SEE_OTHER, '/admin');
  }
}

// A HEAD request or a prefetch looks without meaning to go there, and must not use the link up.
function refuseLookers(request: Request): void {
  const purpose = request.headers['sec-purpose'] ?? request.headers['purpose'] ?? '';
  if (request.method === 'GET' && !String(purpose).includes('prefetch')) return;
  throw new RefusedRequest('method_not_allowed', {
    detail: 'The one-time link works by opening it, with GET. It has not been used up.',
  });
}
