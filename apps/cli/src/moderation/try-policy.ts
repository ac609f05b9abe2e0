// Runs a text through a policy's hooks as a session would, delta by delta. Hooks that ask a service ask it.
import { Pipeline, type ContentKind, type ModerationPolicy, type StartTimer } from '@trunkline/moderation';
import { bindingsOf, type HookParts } from '@trunkline/moderation/adapters/rules';
import type { Row } from '../output.js';
import { done } from '../run-command.js';

/** What is tried. */
export interface Trial {
  /** `\n` (as a line break, or as it is typed in a shell) parts deltas. */
  readonly text: string;
  readonly kind: ContentKind;
}

const startTimer: StartTimer = (afterMs, expired) => {
  const timer = setTimeout(expired, afterMs);
  return () => clearTimeout(timer);
};

/** @returns a row for each delta in which something was found or a hook failed, and one for the whole where none did. */
export async function tryPolicy(policy: ModerationPolicy, parts: HookParts, trial: Trial): Promise<readonly Row[]> {
  const made = bindingsOf(policy, parts);
  const bindings = done(made.ok ? made : { ok: false, error: { message: made.error.join('; ') } });
  const pipeline = new Pipeline(bindings, { tenantId: 'trial', sessionId: 'trial' }, startTimer);
  const rows: Row[] = [];
  const deltas = trial.text.split(/\\n|\n/);
  for (const [i, text] of deltas.entries()) {
    const complete = i === deltas.length - 1;
    const { action, redacted, words } = await pipeline.judge({ kind: trial.kind, streamId: 'trial', text, complete });
    for (const { binding, action: itsAction, findings, failure, reason } of words) {
      const categories = [...new Set(findings.map(({ category }) => category))].join(', ');
      const found = failure === null ? categories : `${failure}${reason === null ? '' : `: ${reason}`}`;
      const would = binding.dryRun ? `would ${itsAction}` : itsAction;
      rows.push({ delta: i + 1, hook: binding.name, found, leads_to: would, action, redacted });
    }
  }
  return rows.length > 0
    ? rows
    : [{ delta: 'all', hook: 'none', found: 'nothing', leads_to: 'pass', action: 'pass', redacted: null }];
}
