import OpenAI from 'openai';
import { startSimulator, type Simulator } from '../index.js';

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator();
});
beforeEach(() => {
  simulator.configure({ faults: [] });
  simulator.moderations.reset();
});
afterAll(() => simulator.close());

const client = (apiKey = 'sk-simulator') => new OpenAI({ apiKey, baseURL: `${simulator.httpUrl}/v1`, maxRetries: 0 });

describe('POST /v1/moderations, asked by the official client', () => {
  it('judges by words, in 13 categories, the same each time', async () => {
    const answer = await client().moderations.create({ input: 'I will kill it' });
    expect(answer).toMatchObject({ model: 'omni-moderation-latest', results: [{ flagged: true }] });
    const [result] = answer.results;
    expect(Object.keys(result?.categories ?? {})).toHaveLength(13);
    expect(result?.categories.violence).toBe(true);
    expect(result?.category_scores.violence).toBe(0.95);
    expect(result?.category_applied_input_types.violence).toEqual(['text']);
    expect((await client().moderations.create({ input: 'I will kill it' })).results).toEqual(answer.results);
  });

  it('gives each text a result of its own, and text and picture together one', async () => {
    const texts = await client().moderations.create({ input: ['hello', 'a punch', 'gore'] });
    expect(texts.results.map(({ flagged }) => flagged)).toEqual([false, false, true]);
    const url = `data:image/png;base64,${Buffer.from('\x89PNG kill').toString('base64')}`;
    const both = await client().moderations.create({
      input: [
        { type: 'text', text: 'hello' },
        { type: 'image_url', image_url: { url } },
      ],
    });
    expect(both.results).toMatchObject([
      { flagged: true, category_applied_input_types: { violence: ['text', 'image'] } },
    ]);
  });

  it('refuses as OpenAI does', async () => {
    const status = (question: Promise<unknown>) =>
      question.then(
        () => 200,
        (error: { status: number }) => error.status,
      );
    expect(await status(client('sk-wrong').moderations.create({ input: 'x' }))).toBe(401);
    expect(await status(client().moderations.create({ input: 'x', model: 'gpt-4o' }))).toBe(404);
    expect(await status(client().moderations.create({ input: [] }))).toBe(400);
  });

  it('is entered in the books, without what was asked', async () => {
    const { id } = await client().moderations.create({ input: 'porn' });
    expect(simulator.moderations.list()).toMatchObject([{ id, key: 'sk-simulator', results: 1, flagged: true }]);
    expect(JSON.stringify(simulator.moderations.list())).not.toContain('porn');
  });

  it.each([
    ['http_500', 500],
    ['http_429', 429],
    ['garbage', 200],
    ['reset', undefined],
  ] as const)('fails by script: %s', async (action, status) => {
    simulator.configure({ faults: [{ at: 'moderation', action, times: 1 }] });
    const outcome = await client()
      .moderations.create({ input: 'x' })
      .then(
        ({ results }) => (Array.isArray(results) ? 'an answer' : 200),
        (error: { status?: number }) => error.status,
      );
    expect(outcome).toBe(status);
    expect(simulator.moderations.answered).toBe(0);
    expect((await client().moderations.create({ input: 'x' })).results).toHaveLength(1);
  });

  it('is late or silent by script', async () => {
    const ask = (timeout: number) =>
      client()
        .moderations.create({ input: 'x' }, { timeout })
        .then(
          () => 'answered',
          () => 'gave up',
        );
    simulator.configure({ faults: [{ at: 'moderation', action: 'slow', ms: 50, times: 1 }] });
    expect(await ask(10_000)).toBe('answered');
    simulator.configure({ faults: [{ at: 'moderation', action: 'never_answer' }] });
    expect(await ask(200)).toBe('gave up');
  });
});
