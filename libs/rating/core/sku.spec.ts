import { METERS, isMeter } from '@trunkline/metering';
import { pricingUnitOf, skuOf, skuPriceOf } from './sku.js';

describe('SKUs', () => {
  it.each([
    ['gpt-realtime', 'output_audio', 'openai/gpt-realtime/audio/output', 'Audio Output Tokens'],
    ['gpt-realtime', 'input_audio', 'openai/gpt-realtime/audio/input', 'Audio Input Tokens'],
    ['gpt-realtime', 'input_audio_cached', 'openai/gpt-realtime/audio/input/cached', 'Cached Audio Input Tokens'],
    [
      'whisper-1',
      'transcription_seconds',
      'openai/whisper-1/audio/input/transcription/seconds',
      'Transcription Audio Input Seconds',
    ],
    ['gpt-live-1', 'session_seconds', 'openai/gpt-live-1/audio/session/seconds', 'Session Audio Seconds'],
    ['tts', 'speech_characters', 'openai/tts/text/input/speech/characters', 'Speech Text Input Characters'],
    ['web_search', 'tool_calls', 'openai/web_search/tool/call/calls', 'Tool Calls'],
  ] as const)('of %s %s', (model, meter, skuId, skuMeter) => {
    expect(skuOf(model, meter)).toMatchObject({ skuId, skuMeter });
  });

  it('tell all meters of a model apart, in every word that is shown', () => {
    const skus = Object.keys(METERS)
      .filter(isMeter)
      .map((meter) => skuOf('m', meter));
    for (const field of ['skuId', 'skuMeter', 'description'] as const)
      expect(new Set(skus.map((sku) => sku[field])).size).toBe(skus.length);
  });

  it('have a price id that no change of price moves, but a tier does', () => {
    const version = { provider: 'openai', model: 'gpt-realtime', unit: 'tokens', serviceTier: 'default' } as const;
    expect(skuPriceOf(version, 'output_audio')).toMatchObject({
      skuPriceId: 'openai/gpt-realtime/audio/output@usd-per-1m-tokens',
      pricingUnit: '1000000 Tokens',
      consumedUnit: 'Tokens',
      description: 'gpt-realtime audio output tokens',
    });
    expect(skuPriceOf({ ...version, serviceTier: 'priority' }, 'output_audio').skuPriceId).toBe(
      'openai/gpt-realtime/audio/output@usd-per-1m-tokens-priority',
    );
  });

  it.each([
    ['tokens', '1000000 Tokens'],
    ['characters', '1000000 Characters'],
    ['seconds', 'Seconds'],
    ['minutes', 'Minutes'],
    ['calls', 'Calls'],
  ] as const)('write the unit %s as FOCUS wants it', (unit, text) => {
    expect(pricingUnitOf(unit)).toBe(text);
  });
});
