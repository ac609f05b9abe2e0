// Gateways that lend out of their own lines while they cannot reach the store (`--redis-away static-share`): the real share
// over the network of the world, which says when it lends. The referee judges the sessions on lent lines like any others.
import {
  StaticShare,
  type AcquireOutcome,
  type AcquireRequest,
  type LeaseStore,
  type LeaseTerms,
} from '@trunkline/admission';
import type { Clock } from '@trunkline/kernel';

/** What a share is made with. */
export interface ShareParts {
  readonly link: LeaseStore;
  readonly terms: LeaseTerms;
  readonly clock: Clock;
  /** A line was lent. */
  readonly lent: () => void;
}

/** Makes what a gateway admits by. */
export type MakeShare = (parts: ShareParts) => LeaseStore;

/** The share of a gateway. */
export const makeShare: MakeShare = (parts) => new ObservedShare(parts);

/** One that lends for as long as the store is away, whoever has its lines by now. */
export const makeEndlessShare: MakeShare = (parts) =>
  new ObservedShare({ ...parts, terms: { ...parts.terms, confirmedMs: 1e9 } });

class ObservedShare extends StaticShare {
  constructor(private readonly parts: ShareParts) {
    super(parts.link, parts.terms, parts.clock);
  }

  override async acquire(request: AcquireRequest): Promise<AcquireOutcome> {
    const outcome = await super.acquire(request);
    // Only the store knows what is in use.
    if (outcome.kind === 'admitted' && outcome.own === null) this.parts.lent();
    return outcome;
  }
}
