import type { CategoryScore, Content } from '@trunkline/moderation';
import { classifierHook, type ClassifierOptions } from './classifier-hook.js';

const CONTEXT = { tenantId: 'tnt_a', sessionId: 'ses_a' };
const SCORES: readonly CategoryScore[] = [
  { category: 'hate', score: 0.3, flagged: false },
  { category: 'violence', score: 0.4, flagged: true },
  { category: 'sexual', score: 0, flagged: false },
];

async function found(counts: ClassifierOptions['counts'], text = 'x'): Promise<readonly string[]> {
  const classifier = { classify: () => Promise.resolve(SCORES) };
  const hook = classifierHook({ classifier, model: 'm', cadence: 'sentence', counts });
  const content: Content = { kind: 'typed_text', streamId: null, text, startsAt: 0, complete: true };
  const { findings } = await hook.inspect(content, CONTEXT, new AbortController().signal);
  return findings.map(({ category, score }) => `${category} ${score}`);
}

describe("a vendor's moderation", () => {
  it('counts what the vendor flags, whatever its score', async () => {
    expect(await found(new Map())).toEqual(['violence 0.4']);
  });

  it("counts by the policy's own threshold where it has one", async () => {
    expect(await found(new Map([['hate', 0.3]]))).toEqual(['hate 0.3', 'violence 0.4']);
    expect(await found(new Map([['violence', 0.5]]))).toEqual([]);
  });

  it('tells everything where others judge', async () => {
    expect(await found('every_score')).toEqual(['hate 0.3', 'violence 0.4']);
  });

  it('is not asked about nothing', async () => {
    expect(await found('every_score', ' \n')).toEqual([]);
  });
});
