// Whether what a pool says of its upstream account fits together. What differs by vendor is a row of a table here, so
// that a third vendor is a row more and no comparison anywhere. Leaves dialling to providers.
import type { Pool, PoolVendor } from './pool.js';

interface VendorTraits {
  /** It names deployments of an account where others name models. */
  readonly hasDeployments: boolean;
  /** It grades accounts by usage tiers with documented caps. */
  readonly hasTiers: boolean;
}

const TRAITS: { readonly [Vendor in PoolVendor]: VendorTraits } = {
  openai: { hasDeployments: false, hasTiers: true },
  azure: { hasDeployments: true, hasTiers: false },
};

/** Why the account of a pool cannot be as it is said to be, in sentences without a full stop; empty when it can. */
export function accountProblems(
  pool: Pick<Pool, 'vendor' | 'tier' | 'deployments' | 'upstreamUrl' | 'upstreamKeySealed'>,
): readonly string[] {
  const { vendor, tier, deployments, upstreamUrl, upstreamKeySealed } = pool;
  const { hasDeployments, hasTiers } = TRAITS[vendor];
  return [
    ...(upstreamUrl !== null && upstreamKeySealed === null
      ? [
          'a pool with an upstream address of its own needs a key of its own as well (`--upstream-key-env`): the key of the settings is sent to no other address',
        ]
      : []),
    ...(deployments.size > 0 && !hasDeployments
      ? [`deployments are names that Azure accounts give to models; a pool of vendor ${vendor} has none`]
      : []),
    ...(tier !== null && !hasTiers
      ? [`tiers are OpenAI's; a pool of vendor ${vendor} has none: set its caps to the quota of its deployments`]
      : []),
  ];
}
