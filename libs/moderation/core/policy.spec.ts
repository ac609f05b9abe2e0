import { parseModerationPolicy } from './policy.js';

const TERMS = { type: 'terms', name: 'words', onFailure: 'closed', terms: [{ text: 'bad' }] };

function problems(policy: Record<string, unknown>): readonly string[] {
  const parsed = parseModerationPolicy({ version: 1, ...policy });
  return parsed.ok ? [] : parsed.error;
}

describe('a moderation policy', () => {
  it('has defaults that hold nothing back and add nothing', () => {
    expect(parseModerationPolicy({ version: 1 })).toMatchObject({
      ok: true,
      value: {
        hooks: [],
        output: { holdBackMs: 0, refusal: null },
        input: { holdAnswers: false, onFailure: 'closed', refusal: null, transcription: { turnOn: true, model: null } },
        disclosure: { instruction: null, spokenLine: null },
        blocksMax: null,
      },
    });
  });

  it('keeps no content and acts by nothing unless it says so', () => {
    const parsed = parseModerationPolicy({ version: 1 });
    expect(parsed).toMatchObject({ value: { content: null, actions: [], strikes: null } });
    const wrong = {
      content: { keepDays: 0, region: 'E U' },
      actions: [{ on: ['pass'], then: ['shout'] }],
      strikes: { count: 3, days: 30 },
    };
    expect(problems(wrong).map((text) => text.split(':')[0])).toEqual([
      'content.keepDays',
      'content.region',
      'actions.0.on.0',
      'actions.0.then.0',
      'strikes.refuseDays',
    ]);
  });

  it('says of each hook what a failure means; there is no default for that', () => {
    const { onFailure: _unsaid, ...silent } = TERMS;
    expect(problems({ hooks: [silent] })).toEqual([expect.stringMatching(/^hooks\.0\.onFailure: /)]);
  });

  it('reports everything that is wrong at once, with its place', () => {
    const hooks = [
      { ...TERMS, kinds: ['voice'] },
      { type: 'personal_data', name: 'ours', onFailure: 'open', detect: ['shoe_size'] },
    ];
    expect(problems({ hooks, output: { holdBackMs: 2_001 }, colour: 1 }).map((text) => text.split(':')[0])).toEqual([
      'hooks.0.kinds.0',
      'hooks.1.detect.0',
      'output.holdBackMs',
      'policy',
    ]);
  });

  it('does not hold answers for what no hook judges', () => {
    const input = { holdAnswers: true };
    expect(problems({ hooks: [{ ...TERMS, kinds: ['typed_text'] }], input })).toEqual([
      expect.stringMatching(/^input\.holdAnswers: no hook judges .*"input_transcript"/),
    ]);
    expect(problems({ hooks: [{ ...TERMS, kinds: ['input_transcript'] }], input })).toEqual([]);
    expect(problems({ hooks: [TERMS], input })).toEqual([]);
  });

  it('refuses settings that it does not know, by their place', () => {
    const policy = { input: { holdAnswer: true }, disclosure: { line: 'x' } };
    expect(problems(policy)).toEqual([
      expect.stringMatching(/^input: .*holdAnswer/),
      expect.stringMatching(/^disclosure: .*line/),
    ]);
  });

  it('does not notify nobody', () => {
    const actions = [{ on: ['block'], then: ['notify'] }];
    expect(problems({ actions })).toEqual([expect.stringMatching(/^actions\.0\.then: nobody would be notified/)]);
    const notify = { url: 'https://a.example/x', secret: `whsec_${'A'.repeat(43)}=` };
    expect(problems({ actions, notify })).toEqual([]);
  });

  it('does not let two hooks share a name', () => {
    expect(problems({ hooks: [TERMS, TERMS] })).toEqual([
      'hooks.1.name: "words" names two hooks; give one of them another name',
    ]);
  });
});
