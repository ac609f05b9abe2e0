import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { formatAmount } from '@trunkline/kernel';
import { METERS, type Meter, type Quantity } from '@trunkline/metering';
import { rate, type PriceBook, type Rating } from '@trunkline/rating';
import { priceBook } from '../../test/prices.js';
import { readPriceSheets } from './index.js';

const SEEDS = fileURLToPath(new URL('../../../../prisma/seed/prices', import.meta.url));

let book: PriceBook;
beforeAll(async () => {
  const list = await readPriceSheets(SEEDS);
  if (!list.ok) throw new Error(list.error.join('\n'));
  book = priceBook(list.value.versions, list.value.aliases);
});

type Usage = Partial<Record<Meter, number>>;
const isMeterName = (name: string): name is Meter => Object.hasOwn(METERS, name);
const quantities = (usage: Usage): Quantity[] =>
  Object.entries(usage)
    .filter((entry): entry is [Meter, number] => isMeterName(entry[0]))
    .map(([meter, count]) => ({ meter, quantityMicro: BigInt(Math.round(count * 1e6)) }));
const rated = (model: string, at: string, usage: Usage): Rating =>
  rate({ model, occurredAtMs: Date.parse(at), quantities: quantities(usage) }, book);
const total = (rating: Rating): string => (rating.outcome === 'rated' ? formatAmount(rating.total) : 'unrated');

/** One turn with every kind of token, so that each column of a price row shows in the total. */
const VOICE: Usage = {
  input_text: 1_000,
  input_text_cached: 200,
  input_audio: 2_000,
  input_audio_cached: 400,
  output_text: 300,
  output_audio: 500,
};
const VOICE_AND_IMAGE: Usage = { ...VOICE, input_image: 100, input_image_cached: 50 };
const DELEGATED: Usage = {
  input_text: 1_000,
  input_text_cached: 1_000,
  input_text_cache_written: 100,
  output_text: 100,
};
const ASR: Usage = { transcription_input_text: 13, transcription_input_audio: 100, transcription_output_text: 9 };

describe('the seeded price list, by worked examples', () => {
  it.each<[model: string, at: string, usage: Usage, usd: string]>([
    // launch: no cached rate. 1,200 x 5 + 2,400 x 100 + 300 x 20 + 500 x 200 = 352,000 per million
    ['gpt-4o-realtime-preview-2024-10-01', '2024-10-15', VOICE, '0.352'],
    ['gpt-4o-realtime-preview', '2024-10-29T23:59:59.999Z', VOICE, '0.352'],
    // caching begins: 1,000 x 5 + 200 x 2.5 + 2,000 x 100 + 400 x 20 + 300 x 20 + 500 x 200 = 319,500
    ['gpt-4o-realtime-preview-2024-10-01', '2024-10-30', VOICE, '0.3195'],
    ['gpt-4o-realtime-preview', '2024-12-16T23:59:59.999Z', VOICE, '0.3195'],
    // 5,000 + 500 + 80,000 + 400 x 2.5 + 6,000 + 40,000 = 132,500
    ['gpt-4o-realtime-preview', '2024-12-17', VOICE, '0.1325'],
    ['gpt-4o-realtime-preview-2024-12-17', '2025-01-01', VOICE, '0.1325'],
    ['gpt-4o-realtime-preview-2025-06-03', '2025-06-03', VOICE, '0.1325'],
    // 600 + 60 + 20,000 + 120 + 720 + 10,000 = 31,500
    ['gpt-4o-mini-realtime-preview', '2025-02-01', VOICE, '0.0315'],
    // 4,000 + 80 + 64,000 + 160 + 500 + 25 + 4,800 + 32,000 = 105,565
    ['gpt-realtime', '2025-08-28', VOICE_AND_IMAGE, '0.105565'],
    ['gpt-realtime-2025-08-28', '2026-11-22', VOICE_AND_IMAGE, '0.105565'],
    ['gpt-realtime-1.5', '2026-03-01', VOICE_AND_IMAGE, '0.105565'],
    // text output 24 instead of 16: 300 x 8 = 2,400 more
    ['gpt-realtime-2', '2026-05-07', VOICE_AND_IMAGE, '0.107965'],
    ['gpt-realtime-2.1', '2026-07-06', VOICE_AND_IMAGE, '0.107965'],
    // 600 + 12 + 20,000 + 120 + 80 + 4 + 720 + 10,000 = 31,536
    ['gpt-realtime-mini', '2025-10-06', VOICE_AND_IMAGE, '0.031536'],
    ['gpt-realtime-mini-2025-12-15', '2026-01-01', VOICE_AND_IMAGE, '0.031536'],
    ['gpt-realtime-2.1-mini', '2026-07-06', VOICE_AND_IMAGE, '0.031536'],
    // audio chat has no cached rate. 1,200 x 2.5 + 2,400 x 100 + 300 x 10 + 500 x 200 = 346,000
    ['gpt-4o-audio-preview-2024-10-01', '2024-10-17', VOICE, '0.346'],
    ['gpt-4o-audio-preview', '2024-12-17', VOICE, '0.142'],
    ['gpt-4o-audio-preview-2025-06-03', '2025-07-01', VOICE, '0.142'],
    // 1,200 x 0.15 + 2,400 x 10 + 300 x 0.6 + 500 x 20 = 34,360
    ['gpt-4o-mini-audio-preview', '2025-01-01', VOICE, '0.03436'],
    ['gpt-audio', '2025-09-01', VOICE, '0.1148'],
    ['gpt-audio-1.5', '2026-03-01', VOICE, '0.1148'],
    ['gpt-audio-mini', '2025-11-01', VOICE, '0.03544'],
    ['gpt-audio-mini-2025-12-15', '2026-01-01', VOICE, '0.03544'],
    // 13 x 2.5 + 100 x 6 + 9 x 10 = 722.5; mini 13 x 1.25 + 100 x 3 + 9 x 5 = 361.25
    ['gpt-4o-transcribe', '2025-04-01', ASR, '0.0007225'],
    ['gpt-4o-transcribe-diarize', '2025-11-01', ASR, '0.0007225'],
    ['gpt-4o-mini-transcribe', '2025-04-01', ASR, '0.00036125'],
    ['gpt-4o-mini-transcribe-2025-12-15', '2025-12-20', ASR, '0.00036125'],
    // per minute, by the second: 12.5 x 0.006 / 60; 7 x 0.017 / 60 does not divide and rounds at 10^-12
    ['whisper-1', '2025-01-01', { transcription_seconds: 12.5 }, '0.00125'],
    ['gpt-transcribe', '2026-08-01', { transcription_seconds: 8 }, '0.0006'],
    ['gpt-live-transcribe', '2026-08-01', { transcription_seconds: 7 }, '0.001983333333'],
    ['gpt-realtime-whisper', '2026-05-07', { transcription_seconds: 60 }, '0.017'],
    ['omni-moderation-latest', '2026-01-01', { input_text: 5_000 }, '0'],
    // sessions by the second: 90 x 0.05 / 60; 90 x 0.02 / 60 in standby; 10 x 0.034 / 60 rounds at 10^-12
    ['gpt-live-1', '2026-09-10', { session_seconds: 90 }, '0.075'],
    ['gpt-live-1.1', '2026-11-20', { session_seconds: 90, session_standby_seconds: 90 }, '0.105'],
    ['gpt-realtime-translate', '2026-05-07', { translation_seconds: 10 }, '0.005666666667'],
    // delegated responses: 1,000 x 0.2 + 1,000 x 0.02 + 100 x 0.25 + 100 x 1.2 = 365 per million
    ['gpt-5.6-luna', '2026-08-01', DELEGATED, '0.000365'],
    ['gpt-5.6-terra', '2026-08-01', DELEGATED, '0.00365'],
    // no price of cache writes: 1,100 x 0.1 + 1,000 x 0.01 + 100 x 0.5 = 170 per million
    ['gpt-6-luna', '2026-10-01', DELEGATED, '0.00017'],
  ])('%s at %s', (model, at, usage, usd) => {
    expect(total(rated(model, at, usage))).toBe(usd);
  });

  it('price the vendor sample of the usage object (132 in, 64 of them cached, 121 out)', () => {
    const usage = { input_text: 55, input_text_cached: 64, input_audio: 13, output_text: 30, output_audio: 91 };
    expect(total(rated('gpt-realtime', '2026-01-01', usage))).toBe('0.0069656');
  });
});

describe('a folder of price sheets', () => {
  const problemsOf = async (files: Record<string, string>): Promise<string> => {
    const folder = await mkdtemp(join(tmpdir(), 'prices-'));
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    const list = await readPriceSheets(folder);
    await rm(folder, { recursive: true });
    return list.ok ? '' : list.error.join('\n');
  };

  it('is refused with file and sheet named', async () => {
    const problems = await problemsOf({ 'a.json': '{', 'b.json': '{}', 'c.json': '[{"model":"m"}]' });
    expect(problems).toMatch(/a\.json: is not JSON/);
    expect(problems).toMatch(/b\.json: must be a list/);
    expect(problems).toMatch(/c\.json: sheet 1 \(m\): unit/);
  });

  it('is refused when it is empty', async () => {
    expect(await problemsOf({})).toContain('holds no price sheet');
  });
});
