// What follows from a finding besides what its hook leads to, by the policy. Pure: acting is for gateways, and for the worker
// where it concerns them all.
import type { HookWord } from './pipeline.js';
import { CONSEQUENCES, type Consequence, type ModerationPolicy } from './policy.js';

/** Each at most once, mildest first; nothing for dry runs and failures. */
export function consequencesOf(
  { actions }: Pick<ModerationPolicy, 'actions'>,
  { binding, action, findings, failure }: HookWord,
): readonly Consequence[] {
  if (binding.dryRun || failure !== null) return [];
  const applying = actions.filter(({ on, categories }) => {
    const isOfCategory = categories === undefined || findings.some(({ category }) => categories.includes(category));
    return on.some((each) => each === action) && isOfCategory;
  });
  return CONSEQUENCES.filter((consequence) => applying.some(({ then }) => then.includes(consequence)));
}
