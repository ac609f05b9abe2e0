import type { ClassifyRequest } from '@trunkline/moderation';
import type { OpenAiAccount } from './dial.js';
import { moderationQuestion, moderationUsage, readModeration } from './moderations.js';

const RESULT = {
  flagged: true,
  categories: { hate: false, violence: true, illicit: null },
  category_scores: { hate: 0.01, violence: 0.97, illicit: 0.2 },
  category_applied_input_types: { hate: ['text'], violence: ['text'], illicit: ['text'] },
};
const ANSWER = { id: 'modr-1', model: 'omni-moderation-latest', results: [RESULT] };

function account(): OpenAiAccount {
  return { baseUrl: 'https://api.openai.com/v1/', apiKey: 'sk-ours', vendor: 'openai', deployments: new Map() };
}

function asked(kind: ClassifyRequest['content']['kind'], text: string) {
  const content = { kind, streamId: null, text, startsAt: 0, complete: true };
  const question = moderationQuestion(account(), { model: 'omni-moderation-latest', content });
  return question === null ? null : { ...question, body: JSON.parse(question.body) as unknown };
}

describe('a question to the moderation endpoint', () => {
  it('is one text, with the key of the account', () => {
    expect(asked('output_text', 'hello')).toEqual({
      url: 'https://api.openai.com/v1/moderations',
      headers: { authorization: 'Bearer sk-ours', 'content-type': 'application/json', 'user-agent': 'Trunkline' },
      body: { model: 'omni-moderation-latest', input: [{ type: 'text', text: 'hello' }] },
    });
  });

  it('is one picture, as it was sent', () => {
    expect(asked('image', 'data:image/png;base64,AAAA')?.body).toMatchObject({
      input: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }],
    });
  });
});

it('an account of Azure is not asked: it has no such endpoint', () => {
  const content = { kind: 'typed_text', streamId: null, text: 'x', startsAt: 0, complete: true } as const;
  expect(moderationQuestion({ ...account(), vendor: 'azure' }, { model: 'm', content })).toBeNull();
});

describe('an answer of the moderation endpoint', () => {
  const read = (answer: unknown) =>
    readModeration(Buffer.from(typeof answer === 'string' ? answer : JSON.stringify(answer)));

  it('has scores by category, and what the vendor flags', () => {
    expect(read(ANSWER)).toEqual({
      ...{ id: 'modr-1', model: 'omni-moderation-latest' },
      scores: [
        { category: 'hate', score: 0.01, flagged: false },
        { category: 'violence', score: 0.97, flagged: true },
        { category: 'illicit', score: 0.2, flagged: false },
      ],
    });
  });

  it.each<[string, unknown]>([
    ['no JSON', 'fine'],
    ['an error', { error: { message: 'The server had an error' } }],
    ['no result', { ...ANSWER, results: [] }],
    ['more results than questions', { ...ANSWER, results: [RESULT, RESULT] }],
    ['no scores', { ...ANSWER, results: [{ ...RESULT, category_scores: {} }] }],
    ['a score that is none', { ...ANSWER, results: [{ ...RESULT, category_scores: { hate: '0.1' } }] }],
    ['a score over 1', { ...ANSWER, results: [{ ...RESULT, category_scores: { hate: 2 } }] }],
    ['a flag without a category', { ...ANSWER, results: [{ ...RESULT, categories: {} }] }],
    ['a flag that is none', { ...ANSWER, results: [{ ...RESULT, flagged: 'yes' }] }],
    ['no id', { ...ANSWER, id: null }],
  ])('is none when it is %s', (_what, answer) => {
    expect(read(answer)).toBeNull();
  });

  it('is a call of its model in the books, caused by the policy', () => {
    expect(moderationUsage({ id: 'modr-1', model: 'omni-moderation-latest' })).toMatchObject({
      ...{ kind: 'call', vendorObjectId: 'modr-1', problem: null, causedBy: 'policy' },
      quantities: [{ meter: 'tool_calls', quantityMicro: 1_000_000n }],
    });
  });
});
