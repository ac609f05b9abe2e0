// Usage as voice calls report it, out of a seed: 40 tenants with three keys each, two models, a session of ten turns. The
// same seed gives the same events, apart from the time they are said to have occurred.
import { trustedId, type ApiKeyId, type TenantId } from '@trunkline/kernel';
import { usageEvent, type Meter, type UsageEvent } from '@trunkline/metering';

/** How many there are of each; the rollups and the ledger are generated for the same. */
export const TENANTS = 40;
export const KEYS_EACH = 3;
export const MODELS = ['gpt-realtime', 'gpt-realtime-mini'] as const;
const TURNS_A_SESSION = 10;
const POOL = trustedId('pool', 'pool_00000000000000000000000001');
const REPLICA = trustedId('rep', 'rep_00000000000000000000000001');

/** Of each meter of a turn: the most tokens. */
const TOKENS_MAX: readonly (readonly [Meter, number])[] = [
  ['input_text', 800],
  ['input_text_cached', 1_500],
  ['input_audio', 600],
  ['input_audio_cached', 2_000],
  ['output_text', 150],
  ['output_audio', 900],
];

/** The tenant of a number from 1. */
export function tenantOf(number: number): TenantId {
  return trustedId('tnt', `tnt_${padded(number)}`);
}

/** A key of a tenant, both by number from 1. */
export function keyOf(tenant: number, key: number): ApiKeyId {
  return trustedId('key', `key_${padded(tenant * 10 + key)}`);
}

/** Turns, one after the other, for ever. */
export class UsageSource {
  private made = 0;
  private state: number;

  constructor(private readonly seed: number) {
    this.state = seed;
  }

  /** The next turn, as of `occurredAtMs`. */
  next(occurredAtMs: number): UsageEvent {
    const number = this.made++;
    const tenant = 1 + this.below(TENANTS);
    const quantities = TOKENS_MAX.map(([meter, max]) => ({
      meter,
      quantityMicro: BigInt(1 + this.below(max)) * 1_000_000n,
    }));
    const report = {
      kind: 'response' as const,
      vendorObjectId: `resp_${this.seed}_${number}`,
      model: MODELS[this.below(MODELS.length)] ?? MODELS[0],
      status: 'completed',
      quantities,
      vendorUsage: {
        total_tokens: 4_321,
        input_tokens: 4_000,
        output_tokens: 321,
        input_token_details: { cached_tokens: 2_000 },
      },
      problem: null,
    };
    const sessionId = trustedId('ses', `ses_${padded(Math.floor(number / TURNS_A_SESSION))}`);
    const keyId = keyOf(tenant, 1 + this.below(KEYS_EACH));
    return usageEvent(report, {
      sessionId,
      tenantId: tenantOf(tenant),
      keyId,
      poolId: POOL,
      replicaId: REPLICA,
      vendor: 'openai',
      occurredAtMs,
    });
  }

  // A linear congruential generator: enough to spread the load, and the same everywhere.
  private below(max: number): number {
    this.state = (Math.imul(this.state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.state / 2 ** 32) * max);
  }
}

function padded(number: number): string {
  return String(number).padStart(26, '0');
}
