// Who may read usage in OpenAI's shape: the holder of a tenant's key with the scope `usage:read`. Judged by the policy as
// it is now, here and not only in the gateway: this listener can be reached without one.
import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { hasScope, SCOPE_REFUSALS, type Principal } from '@trunkline/tenancy';
import type { Request } from 'express';
import { API_PARTS, type ApiRouteParts } from '../api-parts.js';
import { RefusedByTenancy } from './openai-error.filter.js';

/** A request that the guard has let in. */
type CallerRequest = Request & { caller?: Principal };

// As long as a gateway takes them: a company's token is no key and is told so, not that nothing came.
const BEARER = /^Bearer ([\x21-\x7e]{1,4096})$/i;

@Injectable()
export class UsageKeyGuard implements CanActivate {
  constructor(@Inject(API_PARTS) private readonly parts: ApiRouteParts) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<CallerRequest>();
    const key = BEARER.exec(request.headers.authorization ?? '')?.[1];
    if (key === undefined)
      throw new RefusedByTenancy({
        code: 'invalid_api_key',
        message: 'You did not provide an API key. Send it as: Authorization: Bearer YOUR_KEY.',
      });
    const principal = await this.parts.principalOf({ key, origin: request.headers.origin ?? null });
    if (!principal.ok) throw new RefusedByTenancy(principal.error);
    if (!hasScope(principal.value, 'usage:read')) throw new RefusedByTenancy(SCOPE_REFUSALS['usage:read']);
    this.parts.rows.confineTo([principal.value.tenantId]);
    request.caller = principal.value;
    return true;
  }
}

/** The principal that the guard let in. */
export function callerOf(request: CallerRequest): Principal {
  if (request.caller) return request.caller;
  throw new Error('a route was reached around UsageKeyGuard');
}
