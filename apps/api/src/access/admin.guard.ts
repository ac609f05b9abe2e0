// Every route needs somebody who may use it, unless it says otherwise: a route that somebody forgets to think about is shut. A
// global guard that asks the route, not path-matched middleware: no odd spelling of a path gets around it. Who holds a role in
// some tenants only is judged for the tenant in the path or the query here; of others they hear what an unknown one says. From
// here on the database tells them of no other, whatever the route forgets.
import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { isStorable } from '@trunkline/kernel';
import { decide, TenantScope, type AccessPrincipal } from '@trunkline/tenancy';
import type { Request } from 'express';
import { API_PARTS, type ApiRouteParts } from '../api-parts.js';
import { RefusedRequest } from '../http/problem.js';
import { noSuchTenant, tenantNamed } from '../reads/answers.js';
import { orTooLong } from '../reads/read-within.js';
import { noteAccess } from './access-of.js';
import { AboutPeople, Allowed, NeedsStepUp, OpenToPrograms, OpenWithoutSession, type Allowance } from './allow.js';
import { identify } from './identify.js';

const HOW_TO_SIGN_IN =
  'Open the one-time admin link that Trunkline printed when it started. If it has been used: `npm run cli -- member link`, or restart Trunkline.';
const HOW_PROGRAMS_DO =
  'Programs send a token as Authorization: Bearer; that of the operator is in secrets/operator-token of its data folder.';
const NO_ROLE = 'You are signed in but have no role here yet: ask an owner or administrator of this Trunkline for one.';
const COMPANY = 'This is about the whole company, and your roles are for single tenants.';
const NAME_ONE = 'Your roles are for single tenants: ask for one of them (tenant=<slug or id>).';
const STEP_UP =
  'This needs a fresh sign-in: sign in again, or open a new one-time link (`npm run cli -- member link`), and repeat it.';

@Injectable()
export class AdminGuard implements CanActivate {
  constructor(
    @Inject(API_PARTS) private readonly parts: ApiRouteParts,
    @Inject(Reflector) private readonly reflector: Reflector,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const handler = context.getHandler();
    if (this.reflector.get(OpenWithoutSession, handler) === true) return true;
    const request = context.switchToHttp().getRequest<Request>();
    const forPrograms = this.reflector.get(OpenToPrograms, context.getClass()) === true;
    const principal = await identify(this.parts, request, forPrograms);
    if (principal === null)
      throw new RefusedRequest('sign_in_required', {
        detail: forPrograms ? `${HOW_TO_SIGN_IN} ${HOW_PROGRAMS_DO}` : HOW_TO_SIGN_IN,
      });
    if (principal.grants.length === 0) throw new RefusedRequest('no_role', { detail: NO_ROLE });
    const allowance = this.reflector.get(Allowed, handler) as Allowance | undefined;
    if (allowance === undefined) throw notAllowed('Nobody may do this: the route does not say who.');
    const scope = TenantScope.of(principal, allowance.permission);
    if (!scope.isWhole) await this.judgeTenants(principal, allowance, { request, scope });
    if (this.reflector.get(NeedsStepUp, handler) === true) this.judgeStepUp(principal);
    noteAccess(request, { principal, permission: allowance.permission, scope });
    const isAboutPeople = this.reflector.get(AboutPeople, context.getClass()) === true;
    if (scope.ids !== null && !isAboutPeople) this.parts.rows.confineTo(scope.ids);
    return true;
  }

  private async judgeTenants(
    principal: AccessPrincipal,
    { permission, of }: Allowance,
    { request, scope }: { readonly request: Request; readonly scope: TenantScope },
  ): Promise<void> {
    const named = of === 'company' ? inPath(request) : [...inPath(request), ...inQuery(request)];
    for (const each of named) {
      // Pipes come after guards: what no database takes is looked up by none.
      if (!isStorable(each)) throw noSuchTenant(each);
      const { id } = await orTooLong(tenantNamed(this.parts.tenancy, each));
      const decision = decide(principal, permission, id);
      if (decision === 'hidden') throw noSuchTenant(each);
      if (decision === 'forbidden') throw needs(permission);
    }
    if (scope.isEmpty) throw needs(permission);
    if (named.length === 0 && of !== 'tenants') throw notAllowed(of === 'company' ? COMPANY : NAME_ONE);
  }

  private judgeStepUp({ source }: AccessPrincipal): void {
    if (source.kind === 'session' && this.parts.tenancy.clock.nowMs() >= source.stepUpUntilMs)
      throw new RefusedRequest('step_up_required', { detail: STEP_UP });
  }
}

// Both as Express hands them to the handler: what is judged is what is used.
function inPath({ params }: Request): readonly string[] {
  const { tenant } = params;
  return typeof tenant === 'string' ? [tenant] : [];
}

function inQuery({ query }: Request): readonly string[] {
  const { tenant } = query;
  if (tenant === undefined) return [];
  if (typeof tenant !== 'string') throw new RefusedRequest('invalid_query', { detail: 'tenant must be given once.' });
  return tenant.split(',');
}

function needs(permission: string): RefusedRequest {
  return notAllowed(`Your roles do not include ${permission}: ask an owner or administrator of this Trunkline.`);
}

function notAllowed(detail: string): RefusedRequest {
  return new RefusedRequest('not_allowed', { detail });
}
