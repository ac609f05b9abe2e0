// What a route says about who may use it. Exactly one of the two on every route; a spec lists the routes and fails for one that
// has neither. What says nothing is shut.
import { applyDecorators } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ApiExtension } from '@nestjs/swagger';
import type { Permission } from '@trunkline/tenancy';

/** What a route needs. */
export interface Allowance {
  readonly permission: Permission;
  /**
   * Whose things it is about. `company`: who holds the permission in single tenants only is refused, unless the path has a
   * `:tenant` for which they hold it. `tenant`: they name theirs, in the path or as `?tenant=`, which the route obeys.
   * `tenants`: the route tells them of theirs; it reads by the scope of `accessOf`.
   */
  readonly of: 'company' | 'tenant' | 'tenants';
}

/** The mark itself; set by `Allow`. */
export const Allowed = Reflector.createDecorator<Allowance>();

/** The permission that a route needs, and whose things it is about. */
export function Allow(permission: Permission, of: Allowance['of'] = 'company'): MethodDecorator {
  return applyDecorators(Allowed({ permission, of }), ApiExtension('x-permission', permission));
}

/** Marks the one kind of route that is open to somebody who is not signed in. */
export const OpenWithoutSession = Reflector.createDecorator<true>();

/** Marks a controller for programs: tokens open it as well. Pages for people stay with the sign-in. */
export const OpenToPrograms = Reflector.createDecorator<true>();

/**
 * Marks a controller about who gets in: people, roles and tokens lie in tables of the company, and are told by who asks, not by
 * tenant. PostgreSQL confines everything else to the tenants of whoever asks.
 */
export const AboutPeople = Reflector.createDecorator<true>();

/** Marks a route about secrets or approvals: a browser must have signed in just now. Programs show their token each time. */
export const NeedsStepUp = Reflector.createDecorator<true>();
