import { trustedId } from '@trunkline/kernel';
import type { ContentKind } from '@trunkline/moderation';
import { BAD, bindingOf } from './gate-builders.conformance.js';
import { unjudgedSettings } from './unjudged-settings.js';

const TENANT = trustedId('tnt', 'tnt_a');
const judging = (kinds: readonly ContentKind[]) => ({ bindings: [bindingOf(BAD, { kinds })] });
const refusal = (gate: ReturnType<typeof judging> | null, session: Record<string, unknown>) =>
  unjudgedSettings(() => gate, TENANT, { type: 'realtime', model: 'gpt-realtime', ...session });

describe('what a client secret says to the model', () => {
  const policy = judging(['instructions', 'tools']);

  it.each([
    ['instructions', { instructions: 'Be kind.' }],
    ['the variables of a prompt', { prompt: { id: 'pmpt_1', variables: { name: 'Ann' } } }],
    ['tools', { tools: [{ type: 'function', name: 'f', description: 'Does it.', parameters: {} }] }],
  ])('is refused where the tenant’s words are judged: %s', (_what, session) => {
    expect(refusal(policy, session)).toMatchObject({ code: 'content_blocked', param: 'session' });
    expect(refusal(null, session)).toBeNull();
  });

  it('is not refused where no words are, or none that anybody judges', () => {
    expect(refusal(policy, { audio: { output: { voice: 'marin' } } })).toBeNull();
    expect(refusal(judging(['output_text']), { instructions: 'Be kind.' })).toBeNull();
  });
});
