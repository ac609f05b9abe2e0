// Makes a policy's hooks. What is wrong with one (a term that nobody could find) is said by its place in the policy.
import { err, ok, type Result } from '@trunkline/kernel';
import type { HookBinding, HookSpec, ModerationHook, ModerationPolicy } from '@trunkline/moderation';
import { patternsHook } from './patterns.js';
import { personalDataHook } from './personal-data.js';
import { termsHook } from './terms.js';

/** @returns a policy's hooks in their order, or every one that cannot be made. */
export function bindingsOf({ hooks }: ModerationPolicy): Result<readonly HookBinding[], readonly string[]> {
  const problems: string[] = [];
  const bindings = hooks.flatMap((spec, i) => {
    try {
      return [bindingOf(spec, hookOf(spec))];
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      problems.push(`hooks.${i} (${spec.name}): ${error.message}`);
      return [];
    }
  });
  return problems.length > 0 ? err(problems) : ok(bindings);
}

function hookOf(spec: HookSpec): ModerationHook {
  switch (spec.type) {
    case 'terms':
      return termsHook(spec.terms);
    case 'patterns':
      return patternsHook(spec.patterns);
    case 'personal_data':
      return personalDataHook(spec.detect);
  }
}

function bindingOf(spec: HookSpec, hook: ModerationHook): HookBinding {
  const { name, kinds, deadlineMs, onFailure, categories, otherwise, dryRun } = spec;
  return {
    name,
    type: spec.type,
    hook,
    kinds: kinds ?? hook.kinds,
    deadlineMs,
    onFailure,
    categories,
    otherwise,
    dryRun,
  };
}
