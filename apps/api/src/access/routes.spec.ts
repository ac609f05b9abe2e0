import 'reflect-metadata';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { PERMISSIONS } from '@trunkline/tenancy';
import { ApiModule } from '../api.module.js';
import { Allowed, NeedsStepUp, OpenWithoutSession, type Allowance } from './allow.js';

interface Route {
  readonly path: string;
  readonly handler: object;
}

// What Nest itself builds its routes from.
const routes: readonly Route[] = (ApiModule.controllers() as readonly { readonly prototype: object }[]).flatMap(
  (controller) => {
    const base = String(Reflect.getMetadata(PATH_METADATA, controller));
    return Object.getOwnPropertyNames(controller.prototype).flatMap((name): Route[] => {
      const handler: unknown = Object.getOwnPropertyDescriptor(controller.prototype, name)?.value;
      if (typeof handler !== 'function' || Reflect.getMetadata(METHOD_METADATA, handler) === undefined) return [];
      return [{ path: `${base}/${String(Reflect.getMetadata(PATH_METADATA, handler))}`, handler }];
    });
  },
);
const allowanceOf = ({ handler }: Route) => Reflect.getMetadata(Allowed.KEY, handler) as Allowance | undefined;
const isOpen = ({ handler }: Route) => Reflect.getMetadata(OpenWithoutSession.KEY, handler) === true;

describe('the routes of the control plane', () => {
  it('are found', () => expect(routes.length).toBeGreaterThan(40));

  it.each(routes)('$path says who may use it, once, or that it is open', (route) => {
    const permission = allowanceOf(route)?.permission;
    expect(isOpen(route) ? permission : PERMISSIONS.find((each) => each === permission)).toBe(permission);
    expect(isOpen(route) || permission !== undefined).toBe(true);
  });

  it('are open without a sign-in in a short list only', () => {
    const open = routes.filter(isOpen).map(({ path }) => path);
    expect(open.filter((path) => !path.startsWith('v1/organization/'))).toEqual([
      'admin/start//',
      'admin/api/v1/exports/:id/files/:name',
    ]);
  });

  it('call a tenant in their path by the one name that the guard judges', () => {
    const odd = routes.filter(({ path }) => /(tenants|moderation|assignments)\/:(?!tenant\b)/.test(path));
    expect(odd.map(({ path }) => path)).toEqual([]);
  });

  it('that approve need a fresh sign-in', () => {
    const approving = routes.filter((route) => allowanceOf(route)?.permission.endsWith(':approve') === true);
    expect(approving.length).toBeGreaterThan(2);
    for (const { path, handler } of approving)
      expect({ path, stepUp: Reflect.getMetadata(NeedsStepUp.KEY, handler) as unknown }).toEqual({
        path,
        stepUp: true,
      });
  });
});
