import { bindingOf, findsWord } from '../test/hooks.js';
import { consequencesOf } from './consequences.js';
import type { HookWord } from './pipeline.js';
import { parseModerationPolicy } from './policy.js';

function policyOf(actions: readonly object[]) {
  const parsed = parseModerationPolicy({ version: 1, actions });
  if (!parsed.ok) throw new Error(parsed.error.join('; '));
  return parsed.value;
}

const POLICY = policyOf([
  { on: ['block'], then: ['suspend_key', 'warn'] },
  { on: ['flag', 'block'], categories: ['weapons'], then: ['warn', 'end_session'] },
]);

function wordOf(rest: Partial<HookWord> = {}): HookWord {
  const findings = [{ category: 'weapons', score: 1, span: null }];
  return { binding: bindingOf(findsWord('x')), action: 'block', findings, failure: null, reason: null, ...rest };
}

describe('what follows from a finding', () => {
  it('goes by action and category, each once, mildest first', () => {
    expect(consequencesOf(POLICY, wordOf())).toEqual(['warn', 'end_session', 'suspend_key']);
    expect(consequencesOf(POLICY, wordOf({ action: 'flag' }))).toEqual(['warn', 'end_session']);
    expect(consequencesOf(POLICY, wordOf({ findings: [] }))).toEqual(['warn', 'suspend_key']);
    expect(consequencesOf(POLICY, wordOf({ action: 'redact' }))).toEqual([]);
  });

  it('is nothing on a dry run, and where a hook failed', () => {
    expect(consequencesOf(POLICY, wordOf({ binding: bindingOf(findsWord('x'), { dryRun: true }) }))).toEqual([]);
    expect(consequencesOf(POLICY, wordOf({ failure: 'late' }))).toEqual([]);
  });
});
