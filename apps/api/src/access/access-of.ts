// Who is behind a request that the guard let in, and from where it came.
import type { AccessPrincipal, AuditActor, AuditOrigin, Permission, TenantScope } from '@trunkline/tenancy';
import type { Request } from 'express';
import { RefusedRequest } from '../http/problem.js';
import { requestIdOf } from '../http/send-problem.js';

/** What the guard found. */
export interface Access {
  readonly principal: AccessPrincipal;
  readonly permission: Permission;
  /** The tenants that the route may tell of. */
  readonly scope: TenantScope;
}

type AccessRequest = Request & { access?: Access };

/** Notes what the guard found. */
export function noteAccess(request: AccessRequest, access: Access): void {
  request.access = access;
}

/** What the guard found. @throws Error for a request that came around it */
export function accessOf(request: AccessRequest): Access {
  if (request.access) return request.access;
  throw new Error('a route was reached around AdminGuard');
}

/** From where a request came, for the record. */
export function originOf(request: Request): AuditOrigin {
  const userAgent = request.headers['user-agent'] ?? null;
  return { ip: request.socket.remoteAddress ?? null, userAgent, requestId: requestIdOf(request) };
}

/**
 * Who acts, for two-person rules and the books: a member by their id, whatever the request says; programs of the operator by
 * the name that they give. @throws RefusedRequest for one without a name, and for a member who gives another
 */
export function personActing(request: Request, named: string | undefined): string {
  const { principal } = accessOf(request);
  const { person } = principal;
  if (person === null) {
    if (named !== undefined) return named;
    throw badActor('actor must name who does it: the operator token is nobody in particular.');
  }
  if (named === undefined || named === person) return person;
  throw badActor('Leave actor out: you act as who you are signed in as.');
}

/** Who asked for something that nobody has to be a second person for: a member or token by name, else `administrator`. */
export function personNamed(request: Request): string {
  const { principal } = accessOf(request);
  return principal.person ?? 'administrator';
}

/** Who is recorded: the principal, and by the name that was given where that is the operator's programs. */
export function actorOf(request: Request, named?: string): AuditActor {
  const { kind, id, name } = accessOf(request).principal;
  return { kind, id, name: kind === 'operator' && named !== undefined ? named : name };
}

function badActor(detail: string): RefusedRequest {
  return new RefusedRequest('invalid_request', { detail, errors: [{ parameter: 'actor', detail }] });
}
