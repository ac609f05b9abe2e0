// What the admin pages know of pools: the policy from the database, the lines from whoever counts them. Reads only.
import { poolSummary, type LeaseStore, type PageQuery, type PoolStatus, type PoolSummary } from '@trunkline/admission';
import { poolNamed, poolStatusIn } from '@trunkline/admission/adapters/policy';
import type { Clock } from '@trunkline/kernel';
import type { FreshPolicy, PolicySnapshot, Pool } from '@trunkline/tenancy';
import { orTooLong } from '../reads/read-within.js';

/** Where the lines can be looked at: in this process, or in the Redis of the gateways. */
export type LineViews = Pick<LeaseStore, 'view' | 'page'>;

/** Which lines to show: about so many, from where the last page said to go on. */
export type LinesAsked = Omit<PageQuery, 'poolId'>;

/** Nobody told this process where lines are counted. */
export class LinesNotKnown extends Error {
  override readonly name = 'LinesNotKnown';
}

/** Pools as they stand. */
export class PoolReads {
  constructor(
    private readonly policy: Pick<FreshPolicy, 'current'>,
    private readonly lines: LineViews | null,
    private readonly clock: Clock,
  ) {}

  /** All pools, in the order in which they are tried. @throws LinesNotKnown, LeaseStoreUnavailable, ReadTookTooLong */
  async all(): Promise<readonly PoolSummary[]> {
    const policy = await this.#policy();
    const summaries: PoolSummary[] = [];
    // One after the other: each takes the store some milliseconds that calls wait for.
    for (const pool of policy.pools.values()) summaries.push(poolSummary(await this.#status(policy, pool, null)));
    return summaries;
  }

  /** One pool by slug or id, and lines of it if asked; null when there is none. Throws as `all` does, and NoSuchPage. */
  async one(named: string, lines: LinesAsked | null): Promise<PoolStatus | null> {
    const policy = await this.#policy();
    const pool = poolNamed(policy, named);
    return pool && this.#status(policy, pool, lines);
  }

  async #policy(): Promise<PolicySnapshot> {
    if (this.lines === null) throw new LinesNotKnown('no store of lines');
    return orTooLong(this.policy.current());
  }

  async #status(policy: PolicySnapshot, pool: Pool, asked: LinesAsked | null): Promise<PoolStatus> {
    if (this.lines === null) throw new LinesNotKnown('no store of lines');
    const view = await orTooLong(this.lines.view(pool.id));
    const page = asked && (await orTooLong(this.lines.page({ poolId: pool.id, ...asked })));
    return poolStatusIn(policy, pool, { view, nowMs: this.clock.nowMs(), page });
  }
}
