// The numbers of a pool's lines out of the hash of counters that every step keeps. What it costs grows with tenants and
// keys, not with lines.
import { trustedId, type ApiKeyId, type PoolId, type TenantId } from '@trunkline/kernel';
import type { PoolLines, TenantLines } from '../../index.js';

/** Lines of a tenant that are no open session: they last a moment. */
export interface TenantMoments extends Pick<TenantLines, 'pending' | 'kept'> {
  readonly tenantId: TenantId;
}

/** Gathers counters, which may come twice. */
export class PoolCounters {
  /** Matches all fields of the pool, and perhaps some others. */
  readonly match: string;
  readonly #ofTenant: string;
  readonly #ofKey: string;
  readonly #ofFamily: string;
  readonly #tenants = new Map<TenantId, number>();
  readonly #keys = new Map<ApiKeyId, number>();
  readonly #families = new Map<string, number>();
  readonly #moments = new Map<TenantId, TenantMoments>();

  constructor(poolId: PoolId) {
    this.match = `p?|${poolId}|*`;
    this.#ofTenant = `pt|${poolId}|`;
    this.#ofKey = `pk|${poolId}|`;
    this.#ofFamily = `pf|${poolId}|`;
  }

  /** Takes fields and values in turn. */
  add(elements: readonly string[]): true {
    for (let i = 0; i + 1 < elements.length; i += 2) {
      const [name, lines] = [elements[i] ?? '', Number(elements[i + 1])];
      if (name.startsWith(this.#ofTenant))
        this.#tenants.set(trustedId('tnt', name.slice(this.#ofTenant.length)), lines);
      if (name.startsWith(this.#ofKey)) this.#keys.set(trustedId('key', name.slice(this.#ofKey.length)), lines);
      if (name.startsWith(this.#ofFamily)) this.#families.set(name.slice(this.#ofFamily.length), lines);
    }
    return true;
  }

  /** Takes some of the pending and kept lines. */
  addMoments(moments: readonly TenantMoments[]): void {
    for (const { tenantId, pending, kept } of moments) {
      const known = this.#moments.get(tenantId);
      this.#moments.set(tenantId, {
        tenantId,
        pending: pending + (known?.pending ?? 0),
        kept: kept + (known?.kept ?? 0),
      });
    }
  }

  /** What was gathered. The looks are some milliseconds apart: no tenant has more such lines than lines. */
  lines(): PoolLines {
    const tenants = new Map(
      [...this.#tenants].map(([tenantId, held]): [TenantId, TenantLines] => {
        const moments = this.#moments.get(tenantId);
        const pending = Math.min(held, moments?.pending ?? 0);
        return [tenantId, { held, pending, kept: Math.min(held - pending, moments?.kept ?? 0) }];
      }),
    );
    return { tenants, keys: this.#keys, families: this.#families };
  }
}
