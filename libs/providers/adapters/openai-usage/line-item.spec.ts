import { readLineItem } from './line-item.js';

describe('a line item of OpenAI’s costs', () => {
  it.each([
    ['gpt-6-astra, input_tokens', 'input_text'],
    ['gpt-realtime, cached_audio_input_tokens', 'input_audio_cached'],
    ['gpt-realtime, audio output', 'output_audio'],
    ['gpt-realtime, input, cached text', 'input_text_cached'],
    ['gpt-4o-transcribe, audio_input_tokens', 'transcription_input_audio'],
    ['whisper-1, duration_seconds', 'transcription_seconds'],
  ])('"%s" is %s of its model', (text, meter) => {
    expect(readLineItem(text)).toEqual({ model: text.split(',')[0], meter });
  });

  it.each([
    'web search tool calls',
    'gpt-realtime, fine_tuning_tokens',
    'gpt-realtime, tokens',
    'gpt-realtime, input_output_tokens',
    'gpt-realtime, cached_output_tokens',
    '',
  ])('"%s" is none that we know', (text) => {
    expect(readLineItem(text)).toBeNull();
  });
});
