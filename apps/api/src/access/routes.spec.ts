import { PERMISSIONS } from '@trunkline/tenancy';
import { apiRoutes } from '../../../../test/support/api-routes.js';

const routes = apiRoutes();

describe('the routes of the control plane', () => {
  it('are found', () => expect(routes.length).toBeGreaterThan(50));

  it.each(routes)('$method $path says who may use it, or that it is open, and not both', ({ allowance, isOpen }) => {
    expect(isOpen).toBe(allowance === null);
    if (allowance !== null) expect(PERMISSIONS).toContain(allowance.permission);
  });

  it('are open without a sign-in in a short list only', () => {
    const open = routes.filter(({ isOpen }) => isOpen).map(({ path }) => path);
    expect(open.filter((path) => !path.startsWith('/v1/organization/'))).toEqual([
      '/admin/start',
      '/admin/sign-in',
      '/admin/sign-in/callback',
      '/admin/api/v1/sign-in',
      '/admin/sign-out',
      '/admin/api/v1/openapi.json',
      '/admin/api/v1/me',
      '/admin/api/v1/exports/:id/files/:name',
    ]);
  });

  it('call a tenant in their path by the one name that the guard judges', () => {
    const odd = routes.filter(({ path }) => /(tenants|moderation|assignments)\/:(?!tenant\b)/.test(path));
    expect(odd.map(({ path }) => path)).toEqual([]);
  });

  it('that approve, and that give rights away, need a fresh sign-in', () => {
    const weighty = routes.filter(({ allowance }) => /:approve$|^members:write$/.test(allowance?.permission ?? ''));
    expect(weighty.length).toBeGreaterThan(4);
    expect(weighty.filter(({ needsStepUp }) => !needsStepUp)).toEqual([]);
  });
});
