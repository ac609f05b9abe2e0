// Makes a policy's hooks. What is wrong with one (a term that nobody could find) is said by its place in the policy.
import { err, ok, type Result } from '@trunkline/kernel';
import {
  combinedHook,
  openedSecret,
  withCircuit,
  type Classifier,
  type HookBinding,
  type HookSpec,
  type ModerationHook,
  type ModerationPolicy,
  type PartSpec,
} from '@trunkline/moderation';
import { classifierHook, webhookHook, type WebhookPoster } from '../services/index.js';
import { patternsHook } from './patterns.js';
import { personalDataHook } from './personal-data.js';
import { termsHook } from './terms.js';

/** What hooks that ask a service are made with, for one tenant. */
export interface HookParts {
  /** Opens a secret that was sealed for the tenant; null when it was not. */
  readonly openSecret: (sealed: string) => string | null;
  readonly poster: WebhookPoster;
  readonly classifier: Classifier;
  /** Unix milliseconds. */
  readonly nowMs: () => number;
  /** A clock that nobody sets. */
  readonly monotonicMs: () => number;
  /** Random. */
  readonly mintId: () => string;
}

/** @returns a policy's hooks in their order, or every one that cannot be made. */
export function bindingsOf(
  { hooks }: ModerationPolicy,
  parts: HookParts,
): Result<readonly HookBinding[], readonly string[]> {
  const problems: string[] = [];
  const bindings = hooks.flatMap((spec, i) => {
    try {
      return [bindingOf(spec, hookOf(spec, parts))];
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      problems.push(`hooks.${i} (${spec.name}): ${error.message}`);
      return [];
    }
  });
  return problems.length > 0 ? err(problems) : ok(bindings);
}

function hookOf(spec: HookSpec | PartSpec, parts: HookParts): ModerationHook {
  switch (spec.type) {
    case 'terms':
      return termsHook(spec.terms);
    case 'patterns':
      return patternsHook(spec.patterns);
    case 'personal_data':
      return personalDataHook(spec.detect);
    case 'openai':
      return withCircuit(classifierHook({ ...parts, ...spec, counts: countsOf(spec) }), parts.monotonicMs);
    case 'webhook': {
      const withImages = 'kinds' in spec && spec.kinds?.includes('image') === true;
      const secret = secretOf(spec.secret, parts);
      return withCircuit(webhookHook({ ...parts, ...spec, secret, withImages }), parts.monotonicMs);
    }
    case 'composite': {
      const hooks = spec.hooks.map((part) => ({ ...part, categories: part.rename, hook: hookOf(part, parts) }));
      return combinedHook(hooks, spec.combine);
    }
  }
}

// Within a combination its thresholds are those of the whole: it is told every score.
function countsOf(spec: Extract<HookSpec | PartSpec, { type: 'openai' }>): 'every_score' | ReadonlyMap<string, number> {
  if (!('categories' in spec)) return 'every_score';
  return new Map(Object.entries(spec.categories).map(([category, { atLeast }]) => [category, atLeast]));
}

function secretOf(secret: string, { openSecret }: HookParts): string {
  const opened = openedSecret(secret, openSecret);
  if (opened !== null) return opened;
  throw new RangeError(
    'its secret was sealed for another tenant or under another pepper; set the policy with the secret',
  );
}

function bindingOf(spec: HookSpec, hook: ModerationHook): HookBinding {
  const { name, kinds, deadlineMs, onFailure, dryRun } = spec;
  return {
    name,
    type: spec.type,
    hook,
    kinds: kinds ?? hook.kinds,
    deadlineMs,
    onFailure,
    // A webhook's verdict says what follows.
    categories: 'categories' in spec ? spec.categories : {},
    otherwise: 'otherwise' in spec ? spec.otherwise : { atLeast: 0, action: 'block' },
    dryRun,
  };
}
