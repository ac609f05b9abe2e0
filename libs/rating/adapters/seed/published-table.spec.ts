import { formatAmount } from '@trunkline/kernel';
import { isPublishedTable, readPublishedTable } from './published-table.js';

const tokens = (over: Record<string, unknown> = {}) => ({
  model: 'gpt-realtime',
  effective_from: '2025-08-28',
  effective_to: null,
  unit: 'per_1M_tokens',
  text_in: 4,
  audio_cached_in: 0.4,
  per_minute: null,
  source: 'page',
  ...over,
});
const single = (over: Record<string, unknown> = {}) => ({
  model: 'gpt-live-1.1',
  effective_from: '2026-11-20',
  unit: 'minute.standby',
  price: 0.02,
  source: 'page',
  ...over,
});
const read = (...rows: unknown[]): string[] => {
  const list = readPublishedTable(rows);
  if (!list.ok) return [...list.error];
  return list.value.versions.map(({ meter, unit, price, effectiveTo }) =>
    [meter, formatAmount(price), unit, ...(effectiveTo === null ? [] : [new Date(effectiveTo).toISOString()])].join(
      ' ',
    ),
  );
};

describe('a published table', () => {
  it('is told from price sheets', () => {
    expect(isPublishedTable([tokens()])).toBe(true);
    expect(isPublishedTable([{ model: 'm', effectiveFrom: '2026-01-01' }])).toBe(false);
  });

  it('gives a price for each filled column, to the digit', () => {
    expect(read(tokens())).toEqual(['input_text 4 tokens', 'input_audio_cached 0.4 tokens']);
  });

  it('dates rows that have no date by the one given for them, and no others', () => {
    const rows = [single({ effective_from: null }), single({ unit: 'minute.active' })];
    expect(read(...rows)[0]).toMatch(/^row 1 \(gpt-live-1.1\): .*give the row one, or import with --effective-from/);
    const list = readPublishedTable(rows, '2026-09-10');
    const starts = list.ok ? list.value.versions.map((each) => new Date(each.effectiveFrom).toISOString()) : [];
    expect(starts).toEqual(['2026-09-10T00:00:00.000Z', '2026-11-20T00:00:00.000Z']);
  });

  it('leaves out what is known to be no price, and says so', () => {
    const list = readPublishedTable([single({ unit: 'seconds.webrtc_init_minimum', price: 15 }), single()]);
    expect(list.ok ? list.value.leftOut : list.error).toEqual([
      'row 1 (gpt-live-1.1): is the least quantity that is billed, not a price',
    ]);
    expect(list.ok ? list.value.versions : []).toHaveLength(1);
  });

  it('ends after its last day', () => {
    expect(read(tokens({ effective_to: '2025-10-29', audio_cached_in: null }))).toEqual([
      'input_text 4 tokens 2025-10-30T00:00:00.000Z',
    ]);
  });

  it('prices transcription by its own meters, and a minute estimate beside tokens is none', () => {
    const row = { model: 'gpt-4o-transcribe', text_in: 2.5, audio_in: 6, text_out: 10, audio_cached_in: null };
    expect(read(tokens({ ...row, per_minute: 0.006 }))).toEqual([
      'transcription_input_text 2.5 tokens',
      'transcription_input_audio 6 tokens',
      'transcription_output_text 10 tokens',
    ]);
  });

  it.each([
    ['whisper-1', 'transcription_seconds 0.05 minutes'],
    ['gpt-realtime-translate', 'translation_seconds 0.05 minutes'],
    ['gpt-live-1', 'session_seconds 0.05 minutes'],
  ])('prices a minute of %s by what its minutes are', (model, expected) => {
    const row = { model, unit: 'per_minute', per_minute: 0.05 };
    expect(read(tokens({ ...row, text_in: null, audio_cached_in: null }))).toEqual([expected]);
  });

  it('reads rows of one price', () => {
    expect(read(single(), single({ unit: '1M_tokens.audio.output', price: 64 }))).toEqual([
      'session_standby_seconds 0.02 minutes',
      'output_audio 64 tokens',
    ]);
  });

  it.each([
    ['a quantity that is no price', single({ unit: 'seconds.minimum', price: 15 }), 'unit seconds.minimum'],
    ['no date', single({ effective_from: null }), 'must be a date'],
    ['a negative price', single({ price: -1 }), 'price'],
    ['an unknown unit', tokens({ unit: 'per_word' }), 'must be per_1M_tokens or per_minute'],
    ['another currency', tokens({ currency: 'EUR' }), 'currency must be USD'],
    ['a column that it does not know', tokens({ audo_in: 32 }), 'none of a table of prices: audo_in'],
    ['a column that it does not know, of one price', single({ cost: 1 }), 'none of a table of prices: cost'],
    ['a model that a spreadsheet would run', tokens({ model: '=m' }), 'must not begin with ='],
    ['a model with a mark that nobody sees', tokens({ model: 'gpt\u200b' }), 'must not contain'],
    ['no price at all', tokens({ text_in: null, audio_cached_in: null }), 'has no price'],
  ])('is refused for %s, naming the row', (_name, row, message) => {
    const [problem = ''] = read(tokens(), row);
    expect(problem).toContain('row 2 (');
    expect(problem).toContain(message);
  });
});
