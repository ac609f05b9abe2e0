// Every `/v1` route needs a key. A global guard, not path-matched middleware: a route cannot be reached around it by an
// odd spelling of its path.
import { createParamDecorator, Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Refusal } from '@trunkline/kernel';
import { CLIENT_SECRET_PREFIX, type Principal } from '@trunkline/tenancy';
import type { Request } from 'express';
import { GATEWAY_HTTP, RefusedRequest, type GatewayHttpParts } from './parts.js';

/** A request that the guard has let in. */
type CallerRequest = Request & { caller?: Principal };

const BEARER = /^Bearer ([\x21-\x7e]{1,4096})$/i;

// A browser holds it: it must not make more of its kind, nor read what is spent.
const SESSIONS_ONLY: Refusal = {
  code: 'missing_scope',
  message:
    'A client secret opens sessions and does nothing else. Send this request from your server, with its API key.',
};

// OpenAI's admin API knows such a secret for no key at all, and so does ours where it is asked without a gateway.
const NO_ADMIN_KEY: Refusal = {
  code: 'invalid_api_key',
  message: 'A client secret is no key here. Ask with a key that reads usage, from your server.',
};

@Injectable()
export class ApiKeyGuard implements CanActivate {
  constructor(@Inject(GATEWAY_HTTP) private readonly parts: GatewayHttpParts) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<CallerRequest>();
    const key = BEARER.exec(request.headers.authorization ?? '')?.[1];
    if (key === undefined) {
      throw new RefusedRequest({
        code: 'invalid_api_key',
        message: 'You did not provide an API key. Send it as: Authorization: Bearer YOUR_KEY.',
      });
    }
    // The path chooses between two refusals and lets nobody in.
    if (key.startsWith(CLIENT_SECRET_PREFIX))
      throw new RefusedRequest(request.path.startsWith('/v1/organization/') ? NO_ADMIN_KEY : SESSIONS_ONLY);
    const principal = await this.parts.authenticate(key, request.headers.origin ?? null);
    if (!principal.ok) throw new RefusedRequest(principal.error);
    request.caller = principal.value;
    return true;
  }
}

/** The principal that the guard let in. */
export const Caller = createParamDecorator((_: unknown, context: ExecutionContext): Principal => {
  const { caller } = context.switchToHttp().getRequest<CallerRequest>();
  if (!caller) throw new Error('a route was reached around ApiKeyGuard');
  return caller;
});
