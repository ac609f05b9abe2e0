import { mintId, trustedId } from '@trunkline/kernel';
import { blankPool, compilePolicy, DEFAULT_LIMITS, type ApiKey, type PolicySnapshot } from '@trunkline/tenancy';
import { madeUpCalls } from './made-up-calls.js';

const NOW_MS = Date.parse('2026-11-25T15:00:00Z');
const MODEL = 'gpt-realtime';
const FLAGS = { days: 2, callsPerHour: 20, mean: 60_000, model: MODEL, seed: 1 };

interface PolicyParts {
  readonly keys?: readonly (Partial<ApiKey> & { readonly name: string })[];
  readonly models?: readonly string[] | null;
  readonly status?: 'active' | 'draining';
}

function policyOf({ keys = [{ name: 'a' }, { name: 'b' }], models = null, status = 'active' }: PolicyParts = {}) {
  const tenants = [...new Set(keys.map(({ name }) => name.slice(0, 1)))];
  const pool = blankPool(
    mintId('pool', 1, (n) => new Uint8Array(n)),
    'main',
  );
  return compilePolicy({
    version: 1n,
    tenants: tenants.map((name) => ({
      ...{ id: trustedId('tnt', `tnt_${name}`), slug: name, name, status: 'active', sessionsMax: null },
      limits: DEFAULT_LIMITS,
    })),
    keys: keys.map(({ name, ...set }) => ({
      hmac: name,
      key: {
        ...{ id: trustedId('key', `key_${name}`), tenantId: trustedId('tnt', `tnt_${name.slice(0, 1)}`), name },
        ...{
          status: 'active',
          sessionsMax: null,
          models: null,
          origins: null,
          scopes: ['sessions'],
          expiresAtMs: null,
        },
        ...set,
      },
    })),
    pools: [{ ...pool, models, status }],
    ...{ tenantShares: [], keyShares: [], moderation: [], refusedEndUsers: [], revokedSecrets: [] },
  });
}

const made = (present: PolicySnapshot, { flags = {}, nowMs = NOW_MS, changed = present } = {}) =>
  madeUpCalls({ present, changed, nowMs }, { ...FLAGS, ...flags });

describe('made-up calls', () => {
  it('are the same for the same seed, whenever they are asked for and in whatever order tenants are read', () => {
    const first = made(policyOf());
    const later = made(policyOf({ keys: [{ name: 'b' }, { name: 'a' }] }), { nowMs: NOW_MS + 31 * 3_600_000 });
    expect(first.traffic.calls.length).toBeGreaterThan(100);
    expect(later).toEqual(first);
    expect(first.notes[1]).toContain('from Monday 2026-01-05 (UTC)');
    expect(made(policyOf(), { flags: { seed: 2 } }).traffic.calls).not.toEqual(first.traffic.calls);
  });

  it('are of those who could make them: with a key that is for sessions, in force, and for the model', () => {
    const keys: PolicyParts['keys'] = [
      { name: 'a1', scopes: ['usage:read'] },
      { name: 'a2', expiresAtMs: NOW_MS },
      { name: 'a3', models: ['gpt-realtime-mini'] },
      { name: 'a4' },
      { name: 'b1', status: 'revoked' },
    ];
    expect(new Set(made(policyOf({ keys })).traffic.calls.map(({ keyId }) => keyId))).toEqual(new Set(['key_a4']));
    expect(() => made(policyOf({ keys: keys.filter(({ name }) => name !== 'a4') }))).toThrow(
      'no tenant has a key that may open sessions with gpt-realtime: `key create` makes one',
    );
  });

  it('are refused for a model that no pool serves on either side, with what to do', () => {
    const present = policyOf({ models: [MODEL] });
    const flags = { model: 'gpt-x' };
    expect(() => made(present, { flags })).toThrow(
      'no pool serves gpt-x: name another with --model (gpt-realtime), or let a pool serve it with --models [pool=]gpt-x',
    );
    expect(made(present, { flags, changed: policyOf({ models: ['gpt-x'] }) }).traffic.calls.length).toBeGreaterThan(0);
    expect(() => made(policyOf({ status: 'draining' }))).toThrow('every pool that serves gpt-realtime is drained');
  });
});
