// Every route needs a signed-in administrator unless it says otherwise: a route that somebody forgets to think about is
// shut. A global guard that asks the route, not path-matched middleware: no odd spelling of a path gets around it.
import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import { API_PARTS, type ApiRouteParts } from '../api-parts.js';
import { RefusedRequest } from '../http/problem.js';
import { adminCookies } from './admin-cookie.js';

const HOW_TO_SIGN_IN =
  'Open the one-time admin link that Trunkline printed when it started. If it has been used, restart Trunkline to get a new link.';
const HOW_PROGRAMS_DO =
  'Programs send the token that is in secrets/operator-token of its data folder, as Authorization: Bearer.';

/** Marks the one kind of route that is open to somebody who is not signed in. */
export const OpenWithoutSession = Reflector.createDecorator<true>();

/** Marks a controller for programs: the operator token opens it as well. Pages for people stay with the sign-in. */
export const OpenToOperator = Reflector.createDecorator<true>();

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
    const forPrograms = this.reflector.get(OpenToOperator, context.getClass()) === true;
    if (forPrograms && this.parts.isOperator(request.headers.authorization)) return true;
    throw new RefusedRequest('sign_in_required', {
      detail: forPrograms ? `${HOW_TO_SIGN_IN} ${HOW_PROGRAMS_DO}` : HOW_TO_SIGN_IN,
    });
  }
}
