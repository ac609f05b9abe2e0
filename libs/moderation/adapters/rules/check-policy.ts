// Whether a policy can be set: it can be read, its hooks can be made, and whoever it names can be told. What gateways find wrong
// later shuts a tenant's sessions, so all of it is found here first.
import { err, ok, type Result } from '@trunkline/kernel';
import { openedSecret, parseModerationPolicy, type ModerationPolicy } from '@trunkline/moderation';
import { webhookKey } from '@trunkline/platform/outbound';
import { bindingsOf, type HookParts } from './make-bindings.js';

/** @param open opens secrets of it that are sealed already. @returns it with its defaults, or every problem. */
export function checkPolicy(
  value: unknown,
  open: (sealed: string) => string | null,
): Result<ModerationPolicy, readonly string[]> {
  const parsed = parseModerationPolicy(value);
  if (!parsed.ok) return parsed;
  const bindings = bindingsOf(parsed.value, partsToMake(open));
  const problems = [...(bindings.ok ? [] : bindings.error), ...noticeProblems(parsed.value, open)];
  return problems.length > 0 ? err(problems) : ok(parsed.value);
}

/** Parts for hooks that are only made, to see whether they can be. */
function partsToMake(openSecret: (sealed: string) => string | null): HookParts {
  const nobody = (): Promise<never> => Promise.reject(new Error('hooks are only made here, not asked'));
  return {
    openSecret,
    poster: { post: nobody },
    classifier: { classify: nobody },
    nowMs: () => 0,
    monotonicMs: () => 0,
    mintId: () => '',
  };
}

// Gateways tell nobody, so what is wrong with it does not stop a policy there: here it does.
function noticeProblems({ notify }: ModerationPolicy, open: (sealed: string) => string | null): readonly string[] {
  if (notify === null) return [];
  try {
    webhookKey(openedSecret(notify.secret, open) ?? '');
    return [];
  } catch (error) {
    if (error instanceof RangeError) return [`notify: ${error.message}`];
    throw error;
  }
}
