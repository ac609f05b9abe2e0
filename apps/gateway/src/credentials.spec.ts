import { randomBytes } from 'node:crypto';
import { err, ok, systemClock, trustedId, type Refusal, type Result, type TenantId } from '@trunkline/kernel';
import {
  compilePolicy,
  keyHasher,
  mintClientSecret,
  mintKey,
  type ClientSecret,
  type ClientSecretStore,
} from '@trunkline/tenancy';
import { TokenVerifier } from '@trunkline/tenancy/adapters/jose';
import { Credentials } from './credentials.js';

const hashKey = keyHasher(randomBytes(32));
const FULL: Refusal = { code: 'concurrency_limit_exceeded', message: 'full' };
const away = () => Promise.reject(new Error('the database is away'));
const AWAY: ClientSecretStore = { mint: away, find: away, use: away, giveBack: away, revoke: away };

function aSecret(usesMax: number): ClientSecret {
  return {
    ...{ id: trustedId('ecs', 'ecs_a'), tenantId: trustedId('tnt', 'tnt_a'), keyId: trustedId('key', 'key_a') },
    ...{ kind: 'realtime', model: 'gpt-realtime', session: {}, pinned: [], origins: null, usesMax },
    ...{ endUser: null, judgedBy: null },
    ...{ uses: 0, createdAtMs: 0, expiresAtMs: Number.MAX_SAFE_INTEGER, revokedAtMs: null },
  };
}

const NO_POLICY = compilePolicy({
  ...{ version: 1n, tenants: [], keys: [], pools: [], tenantShares: [], keyShares: [] },
  ...{ moderation: [], refusedEndUsers: [], revokedSecrets: [] },
});
const NO_KEYS = new TokenVerifier({ keys: { of: () => null, want: () => undefined }, clock: systemClock });

/** A store of one secret. */
function storeOf(text: string, secret: ClientSecret) {
  let uses = 0;
  const store: ClientSecretStore = {
    ...AWAY,
    find: async (hmac) => (hmac === hashKey(text) ? secret : null),
    use: async () => (uses < (secret.usesMax ?? Infinity) ? ((uses += 1), true) : false),
    giveBack: async () => void (uses -= 1),
  };
  return { store, uses: () => uses };
}

const credentials = (secrets: ClientSecretStore) =>
  new Credentials({
    ...{ secrets, hashKey, clock: systemClock, log: { warn: () => undefined } },
    ...{ tokens: NO_KEYS, policy: () => NO_POLICY, hashEndUser: (_tenant: TenantId, name: string) => name },
  });

describe('credentials', () => {
  it('ask no store about a key, so that keys are good without one', async () => {
    const key = mintKey(randomBytes);
    expect(await credentials(AWAY).read(key)).toEqual(ok({ kind: 'key', key }));
    const open = await credentials(AWAY).using({ kind: 'key', key }, async () => ok('open'));
    expect(open).toEqual(ok('open'));
  });

  it('ask no store about what cannot be a client secret', async () => {
    expect(await credentials(AWAY).read('ek_invented')).toMatchObject({ error: { code: 'invalid_api_key' } });
  });

  it('let no client secret in that cannot be checked', async () => {
    const read = await credentials(AWAY).read(mintClientSecret(randomBytes));
    expect(read).toMatchObject({ error: { code: 'credentials_unavailable' } });
    const used = await credentials(AWAY).using({ kind: 'secret', secret: aSecret(1) }, async () => ok('open'));
    expect(used).toMatchObject({ error: { code: 'credentials_unavailable' } });
  });

  it('find a client secret, and refuse one that nobody minted', async () => {
    const text = mintClientSecret(randomBytes);
    const secret = aSecret(1);
    const { store } = storeOf(text, secret);
    expect(await credentials(store).read(text)).toEqual(ok({ kind: 'secret', secret }));
    const other = await credentials(store).read(mintClientSecret(randomBytes));
    expect(other).toMatchObject({ error: { code: 'invalid_api_key' } });
  });

  it.each<[string, () => Promise<Result<string, Refusal>>, number]>([
    ['opened a session', async () => ok('open'), 1],
    ['was refused', async () => err(FULL), 0],
    ['failed', async () => Promise.reject(new Error('a fault')), 0],
  ])('count a use that %s', async (_, open, counted) => {
    const secret = aSecret(1);
    const { store, uses } = storeOf('', secret);
    await credentials(store)
      .using({ kind: 'secret', secret }, open)
      .catch(() => undefined);
    expect(uses()).toBe(counted);
  });

  it('open no second session with a secret of one use', async () => {
    const secret = aSecret(1);
    const { store } = storeOf('', secret);
    const tries = Array.from({ length: 10 }, () =>
      credentials(store).using({ kind: 'secret', secret }, async () => ok('open')),
    );
    expect((await Promise.all(tries)).filter((each) => each.ok)).toHaveLength(1);
  });
});
