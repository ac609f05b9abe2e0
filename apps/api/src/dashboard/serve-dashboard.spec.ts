import { apiRoutes } from '../../../../test/support/api-routes.js';
import { contentSecurityPolicy, isDashboardPath } from './serve-dashboard.js';

describe('the dashboard', () => {
  it.each(apiRoutes())('leaves $method $path to its controller', ({ path }) => {
    expect(isDashboardPath(path)).toBe(false);
  });

  it.each(['/admin', '/admin/', '/admin/live', '/admin/assets/x.js'])('takes %s', (path) => {
    expect(isDashboardPath(path)).toBe(true);
  });

  it.each(['/', '/administer', '/admin/api', '/admin/api/v1/nothing', '/ADMIN/API/v1'])('leaves %s alone', (path) => {
    expect(isDashboardPath(path)).toBe(false);
  });

  it('may reach nothing but this listener and the gateway, and runs no script of a page', () => {
    const policy = contentSecurityPolicy('https://127.0.0.1:8443');
    expect(policy).toContain("connect-src 'self' https://127.0.0.1:8443 wss://127.0.0.1:8443;");
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|\*|http:/);
    expect(contentSecurityPolicy(null)).toContain("connect-src 'self';");
  });
});
