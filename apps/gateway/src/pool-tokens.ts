// Tokens that went by, told to where lines are counted: a pool whose account says how many it may use in a minute takes no
// new session while the last minute's leave no room. Once a report, and only for such pools.
import { tokenFamily, type Place } from '@trunkline/admission';
import { tokensOf, type UsageEvent } from '@trunkline/metering';
import { modelFamily } from '@trunkline/providers/adapters/openai';
import type { GatewayParts } from './gateway-parts.js';

/** What was reported in a session of this place. Waits for nobody; what cannot be told is not counted. */
export function usedInPool(parts: GatewayParts, { poolId }: Place, event: UsageEvent): void {
  const policy = parts.policy();
  const tokensPerMinuteMax = policy.pools.get(poolId)?.tokensPerMinuteMax ?? null;
  const plan = parts.plans.of(policy).get(poolId);
  const tokens = tokensOf(event.quantities);
  if (tokensPerMinuteMax === null || !plan || tokens === 0) return;
  // By the model of the report: a transcription is another model's, with a limit of its own.
  const family = tokenFamily(plan, modelFamily(event.model));
  parts.usedTokens({ poolId, family, tokens, tokensPerMinuteMax });
}
