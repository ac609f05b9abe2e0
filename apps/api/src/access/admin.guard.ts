// Every route needs a signed-in administrator unless it says otherwise: a route that somebody forgets to think about is
// shut. A global guard, not path-matched middleware: no odd spelling of a path gets around it.
import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import { API_PARTS, type ApiRouteParts } from '../api-parts.js';
import { RefusedRequest } from '../http/problem.js';
import { adminCookies } from './admin-cookie.js';

/** Marks the one kind of route that is open to somebody who is not signed in. */
export const OpenWithoutSession = Reflector.createDecorator<true>();

@Injectable()
export class AdminGuard implements CanActivate {
  constructor(
    @Inject(API_PARTS) private readonly parts: ApiRouteParts,
    @Inject(Reflector) private readonly reflector: Reflector,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    if (this.reflector.get(OpenWithoutSession, context.getHandler()) === true) return true;
    const request = context.switchToHttp().getRequest<Request>();
    if (adminCookies(request).some((secret) => this.parts.sessions.isOpen(secret))) return true;
    throw new RefusedRequest('sign_in_required', {
      detail:
        'Open the one-time admin link that Trunkline printed when it started. If it has been used, restart Trunkline to get a new link.',
    });
  }
}
