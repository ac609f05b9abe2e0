import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mintId, trustedId } from '@trunkline/kernel';
import { blankPool, compilePolicy, DEFAULT_LIMITS } from '@trunkline/tenancy';
import { changesOf, changesOfFile, inPools, ofNamed, ofPools, together } from './flags.js';

const BOTS = mintId('tnt', 1, (n) => new Uint8Array(n));
const KEY = mintId('key', 1, (n) => new Uint8Array(n));
const policyOf = (...slugs: string[]) =>
  compilePolicy({
    ...{ version: 1n, tenantShares: [], keyShares: [], moderation: [], refusedEndUsers: [], revokedSecrets: [] },
    tenants: [{ id: BOTS, slug: 'bots', name: 'Bots', status: 'active', sessionsMax: null, limits: DEFAULT_LIMITS }],
    keys: [
      {
        hmac: 'h',
        key: {
          ...{ id: KEY, tenantId: BOTS, name: 'k', status: 'active', sessionsMax: null, models: null },
          ...{ origins: null, scopes: ['sessions'], expiresAtMs: null },
        },
      },
    ],
    pools: slugs.map((slug) => blankPool(trustedId('pool', `pool_${slug}`), slug)),
  });

describe('flags that change a configuration', () => {
  const cap = ofPools('50');
  const share = inPools('bots=1:2:3');

  it('are of the only pool, of the one that is named in front, or of --pool', () => {
    expect(changesOf({ cap: cap('50') }, policyOf('main')).pools).toEqual({ main: { sessionsMax: 50 } });
    const two = policyOf('main', 'azure');
    expect(changesOf({ cap: cap('azure=none', cap('main=5')) }, two).pools).toEqual({
      azure: { sessionsMax: null },
      main: { sessionsMax: 5 },
    });
    expect(changesOf({ pool: 'azure', cap: cap('7') }, two).pools).toEqual({ azure: { sessionsMax: 7 } });
    expect(() => changesOf({ cap: cap('7') }, two)).toThrow('say which one --cap is for with --pool');
  });

  it.each([
    ['bots=1:2:3', { floor: 1, ceiling: 2, weight: 3 }],
    ['bots=1', { floor: 1 }],
    ['bots=:none', { ceiling: null }],
    ['bots=::5', { weight: 5 }],
  ])('write a share as %s', (text, expected) => {
    expect(changesOf({ share: share(text) }, policyOf('main')).pools).toEqual({ main: { shares: { bots: expected } } });
  });

  it.each([
    [{ wait: ofNamed('20s')('5m') }, '--wait cannot be 5m. Write a duration from 0 to 2m.'],
    [{ rate: ofNamed('30')('bots=0') }, '--rate cannot be 0. Write a whole number from 1 to 1000000, or none.'],
    [{ cap: cap('many') }, '--cap cannot be many. Write a whole number from 1 to'],
    [{ share: share('bots=1:0') }, '--share cannot be 0. Write a whole number from 1 to 1000000, or none.'],
    [{ queue: cap('100:x') }, '--queue cannot be x. Write a whole number from 0 to 1000.'],
  ])('are refused by their own names and in their own units: %j', (flags, message) => {
    expect(() => changesOf(flags, policyOf('main'))).toThrow(message);
  });

  it('come together: of a pool, of a tenant in it, and of its keys', () => {
    const flags = {
      cap: cap('9'),
      share: share('sales=2', share('bots=1')),
      keyShare: inPools('key=1')(`main:${KEY}=1:4`),
      familyCap: inPools('f=1')('b=none', inPools('f=1')('a=3')),
      queue: cap('100:10'),
      newPool: ['spare'],
      drain: ['old'],
    };
    expect(changesOf(flags, policyOf('main')).pools).toEqual({
      main: {
        ...{ sessionsMax: 9, waitingMax: 100, waitingPerTenantMax: 10, familyCaps: { a: 3, b: null } },
        shares: { bots: { floor: 1 }, sales: { floor: 2 }, [BOTS]: { keys: { [KEY]: { floor: 1, ceiling: 4 } } } },
      },
      spare: { isNew: true },
      old: { status: 'draining' },
    });
  });

  it('are of every tenant, of one, or of a key by its id', () => {
    const of = ofNamed('20s');
    const flags = { wait: of('bots=5s', of('20s')), rate: of('bots=30'), sessionsMax: of(`${KEY}=2`, of('bots=none')) };
    expect(changesOf(flags, policyOf('main'))).toMatchObject({
      tenants: { '*': { waitMsMax: 20_000 }, bots: { waitMsMax: 5_000, sessionsPerMinuteMax: 30, sessionsMax: null } },
      keys: { [KEY]: { sessionsMax: 2 } },
    });
  });

  it('are refused with an example when they are none', () => {
    expect(() => share('bots')).toThrow('Write it as bots=1:2:3');
    expect(() => changesOf({ share: share('bots=1:2:3:4') }, policyOf('main'))).toThrow('too many parts');
    expect(() => changesOf({ keyShare: inPools('')('key_x=1') }, policyOf('main'))).toThrow('there is no key "key_x"');
  });

  it('win over a file, which keeps what they do not name', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'what-if-'));
    try {
      const file = join(folder, 'plan.json');
      await writeFile(file, '{"pools":{"main":{"sessionsMax":5,"weight":2}},"tenants":{"*":{"waitMsMax":1}}}');
      const both = together(await changesOfFile(file), changesOf({ cap: cap('6') }, policyOf('main')));
      expect(both).toMatchObject({
        pools: { main: { sessionsMax: 6, weight: 2 } },
        tenants: { '*': { waitMsMax: 1 } },
      });
      await writeFile(file, 'no');
      await expect(changesOfFile(file)).rejects.toThrow('plan.json cannot be read as JSON');
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
