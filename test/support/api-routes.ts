// The routes of the control plane from Nest's own metadata, with what each says about who may use it.
import 'reflect-metadata';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { RequestMethod } from '@nestjs/common';
import {
  Allowed,
  NeedsStepUp,
  OpenToPrograms,
  OpenWithoutSession,
  type Allowance,
} from '../../apps/api/src/access/allow.js';
import { ApiModule } from '../../apps/api/src/api.module.js';

/** A route. */
export interface ApiRoute {
  readonly method: string;
  /** With its parameters, such as `/admin/api/v1/pools/:named`. */
  readonly path: string;
  readonly allowance: Allowance | null;
  readonly isOpen: boolean;
  readonly forPrograms: boolean;
  readonly needsStepUp: boolean;
}

/** All of them. */
export function apiRoutes(): readonly ApiRoute[] {
  const controllers = ApiModule.controllers() as readonly { readonly prototype: object }[];
  return controllers.flatMap((controller) => {
    const base = String(Reflect.getMetadata(PATH_METADATA, controller));
    const forPrograms = Reflect.getMetadata(OpenToPrograms.KEY, controller) === true;
    return Object.getOwnPropertyNames(controller.prototype).flatMap((name): ApiRoute[] => {
      const handler: unknown = Object.getOwnPropertyDescriptor(controller.prototype, name)?.value;
      if (typeof handler !== 'function') return [];
      const method: unknown = Reflect.getMetadata(METHOD_METADATA, handler);
      if (typeof method !== 'number') return [];
      const own = String(Reflect.getMetadata(PATH_METADATA, handler)).replace(/^\/+/, '');
      const marked: unknown = Reflect.getMetadata(Allowed.KEY, handler);
      return [
        {
          method: RequestMethod[method] ?? '',
          path: `/${base}${own === '' ? '' : `/${own}`}`,
          allowance: (marked as Allowance | undefined) ?? null,
          isOpen: Reflect.getMetadata(OpenWithoutSession.KEY, handler) === true,
          forPrograms,
          needsStepUp: Reflect.getMetadata(NeedsStepUp.KEY, handler) === true,
        },
      ];
    });
  });
}
