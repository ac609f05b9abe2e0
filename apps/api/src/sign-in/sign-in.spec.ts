// Sign-in against a real issuer on loopback: `oidc-provider`, which checks our redirect, our PKCE and our nonce as it does anybody's.
import { randomBytes } from 'node:crypto';
import { openLog } from '@trunkline/platform/logging';
import { Shutdown } from '@trunkline/platform/shutdown';
import { keyHasher, parseGroupRoles } from '@trunkline/tenancy';
import { createTenant } from '@trunkline/tenancy/adapters/prisma';
import { z } from 'zod';
import { startTestPostgres, type TestPostgres } from '../../../../test/support/postgres.js';
import { ISSUER_CLIENT, startIssuer } from '../../../../test/support/issuer.js';
import { startApi, type RunningApi } from '../index.js';

const PUBLIC = 'https://admin.example';
const CALLBACK = `${PUBLIC}/admin/sign-in/callback`;

let postgres: TestPostgres;
let api: RunningApi;
let issuer = '';
let groups: readonly string[] = [];
const nowMs = () => Date.now();
const shutdown = new Shutdown(() => undefined);

beforeAll(async () => {
  postgres = await startTestPostgres();
  const company = await startIssuer(() => groups);
  company.serve(CALLBACK);
  issuer = company.address;
  shutdown.register('issuer', 1_000, () => company.close());
  const { db } = postgres;
  const hashKey = keyHasher('pepper-of-the-sign-in-spec-012345678');
  const tenancy = { db, randomBytes, hashKey, clock: { nowMs, monotonicMs: nowMs } };
  const mapping = parseGroupRoles('tl-admins=admin,acme=tenant_admin@acme,gone=viewer@nowhere');
  const signIn = {
    ...{ issuer, clientId: ISSUER_CLIENT.id, clientSecret: ISSUER_CLIENT.secret, scopes: 'openid profile email' },
    ...{ groupsClaim: 'groups', groupRoles: mapping.ok ? mapping.value : [], publicUrl: PUBLIC },
  };
  const listener = { host: '127.0.0.1', port: 0, log: openLog('silent', process.stderr), shutdown };
  api = await startApi({ db, tenancy, upstream: 'vendor', lines: null, operatorToken: null, signIn, ...listener });
  await createTenant(tenancy, { slug: 'acme', name: 'Acme' });
}, 60_000);
afterAll(async () => {
  await shutdown.run();
  await postgres.stop();
});

/** A browser: keeps cookies by host, follows nothing by itself. */
class Browser {
  readonly #cookies = new Map<string, Map<string, string>>();

  async open(url: string): Promise<{ readonly status: number; readonly to: string; readonly text: string }> {
    const at = new URL(url.replace(PUBLIC, api.origin));
    const jar = this.#cookies.get(at.host) ?? new Map<string, string>();
    this.#cookies.set(at.host, jar);
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(at, { redirect: 'manual', headers: { cookie } });
    for (const each of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(each) ?? [];
      if (value === '') jar.delete(name);
      else jar.set(name, value);
    }
    const to = response.headers.get('location') ?? '';
    return { status: response.status, to: to === '' ? '' : new URL(to, at).href, text: await response.text() };
  }

  /** To the issuer and back, up to the address that the issuer sends the browser to. */
  async toCallback(path = '/admin/sign-in'): Promise<string> {
    let { to } = await this.open(`${PUBLIC}${path}`);
    for (let steps = 0; steps < 6 && !to.startsWith(CALLBACK); steps++) ({ to } = await this.open(to));
    return to;
  }

  async me(): Promise<unknown> {
    return JSON.parse((await this.open(`${PUBLIC}/admin/api/v1/me`)).text);
  }
}
const signedIn = async (path?: string) => {
  const browser = new Browser();
  expect((await browser.open(await browser.toCallback(path))).status).toBe(200);
  return browser;
};
const lastEntry = () => postgres.db.auditEntry.findFirstOrThrow({ orderBy: { sequence: 'desc' } });

describe('sign-in at the company’s issuer', () => {
  it('gives the roles of the groups, and takes those away whose group is left', async () => {
    groups = ['tl-admins', 'acme', 'gone', 'other'];
    const browser = await signedIn();
    expect(await browser.me()).toMatchObject({
      ...{ kind: 'member', name: 'Ann Lee' },
      roles: expect.arrayContaining([{ role: 'admin', tenant: null }]),
    });
    expect(await lastEntry()).toMatchObject({ action: 'sign-in', after: { by: 'oidc', tenantsNotHere: ['nowhere'] } });
    groups = ['acme'];
    await signedIn();
    // In every browser of theirs.
    expect(await browser.me()).toMatchObject({ roles: [{ role: 'tenant_admin', tenant: { slug: 'acme' } }] });
    groups = [];
    await signedIn();
    expect(await browser.me()).toMatchObject({ roles: [] });
    expect(await postgres.db.member.count()).toBe(1);
  });

  it('is shown the way to before, and leads back into the dashboard and nowhere else', async () => {
    const browser = new Browser();
    const ways = JSON.parse((await browser.open(`${PUBLIC}/admin/api/v1/sign-in`)).text) as unknown;
    expect(ways).toEqual({ issuers: [{ issuer, path: '/admin/sign-in' }] });
    const goesOn = async (back: string) => {
      const callback = await browser.toCallback(`/admin/sign-in?back=${encodeURIComponent(back)}`);
      return /http-equiv="refresh" content="0; url=([^"]*)"/.exec((await browser.open(callback)).text)?.[1];
    };
    expect(await goesOn('/admin/keys?tenant=acme&q="b"')).toBe('/admin/keys?tenant=acme&amp;q=%22b%22');
    for (const back of [
      'https://evil.example/admin',
      '//evil.example/admin',
      '/\\evil.example/admin',
      '/v1',
      '/admin/sign-out',
      '',
    ])
      expect({ back, to: await goesOn(back) }).toEqual({ back, to: '/admin' });
  });

  it('is fresh only where the issuer was made to ask again', async () => {
    const stepUpOf = async (browser: Browser) =>
      Date.parse(z.object({ stepUpUntil: z.string() }).parse(await browser.me()).stepUpUntil);
    expect(await stepUpOf(await signedIn())).toBeLessThanOrEqual(nowMs());
    expect(await stepUpOf(await signedIn('/admin/sign-in?again=1'))).toBeGreaterThan(nowMs());
  });

  it('is bound to the browser that began it, and good once', async () => {
    const [ann, stranger] = [new Browser(), new Browser()];
    const back = await ann.toCallback();
    expect(await stranger.open(back)).toMatchObject({ status: 403, text: expect.stringContaining('sign_in_refused') });
    const other = new Browser();
    await other.open(`${PUBLIC}/admin/sign-in`);
    expect((await other.open(back)).status).toBe(403);
    expect(await lastEntry()).toMatchObject({ action: 'sign-in refused', objectId: issuer });
    expect((await ann.open(back)).status).toBe(200);
    expect((await ann.open(back)).status).toBe(403);
  });

  it('is refused to who is disabled, and their open sessions are over', async () => {
    const browser = await signedIn();
    await postgres.db.member.updateMany({ data: { disabledAt: new Date() } });
    expect(await browser.me()).toMatchObject({ code: 'sign_in_required' });
    const again = new Browser();
    expect(await again.open(await again.toCallback())).toMatchObject({
      ...{ status: 403, text: expect.stringContaining('disabled') },
    });
    expect(await lastEntry()).toMatchObject({ action: 'sign-in refused', after: { why: 'disabled' } });
    await postgres.db.member.updateMany({ data: { disabledAt: null } });
  });
});
