import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { CONTENT_KINDS, isContentKind, type ContentKind } from '@trunkline/moderation';
import { OpenAiContentReader } from './content-reader.js';

const TRACES = join(import.meta.dirname, '../../../../test/fixtures/traces');
const ALL: ReadonlySet<ContentKind> = new Set(Object.keys(CONTENT_KINDS).filter(isContentKind));

interface TraceLine {
  readonly dir: 's2c' | 'c2s';
  readonly event: Record<string, unknown> & { readonly type: string };
}

const linesOf = (file: string): TraceLine[] =>
  readFileSync(join(TRACES, file), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as TraceLine)
    .filter(({ event }) => !event.type.startsWith('$') && event.type !== '_meta');

/** What was said in a trace, as the reader puts it together, by kind. */
function saidIn(lines: readonly TraceLine[]): Map<ContentKind, string> {
  const reader = new OpenAiContentReader();
  const said = new Map<ContentKind, string>();
  for (const { dir, event } of lines) {
    const from = dir === 'c2s' ? 'client' : 'upstream';
    if (!reader.carries(from, event.type, ALL)) continue;
    const read = reader.read(from, Buffer.from(JSON.stringify(event)));
    for (const { piece } of read?.places ?? []) said.set(piece.kind, (said.get(piece.kind) ?? '') + piece.text);
  }
  return said;
}

/** Every text of the events that end a stream. */
function wholesIn(lines: readonly TraceLine[], type: string, field: string): string {
  return lines.flatMap(({ event }) => (event.type === type ? [String(event[field])] : [])).join('');
}

const CONVERSATIONS = readdirSync(TRACES).filter((file) => file.startsWith('ga_') && !file.includes('translation'));

describe('content in the GA dialect', () => {
  it.each(CONVERSATIONS)('is read once and whole in %s', (file) => {
    const lines = linesOf(file);
    const said = saidIn(lines);
    const transcribed = 'conversation.item.input_audio_transcription.completed';
    expect(said.get('input_transcript') ?? '').toBe(wholesIn(lines, transcribed, 'transcript'));
    expect(said.get('output_text') ?? '').toBe(
      wholesIn(lines, 'response.output_audio_transcript.done', 'transcript') +
        wholesIn(lines, 'response.output_text.done', 'text'),
    );
    expect(said.get('tool_arguments') ?? '').toBe(
      wholesIn(lines, 'response.function_call_arguments.done', 'arguments'),
    );
  });

  it('never stands in audio', () => {
    const reader = new OpenAiContentReader();
    for (const type of ['input_audio_buffer.append', 'response.output_audio.delta', 'response.output_audio.done'])
      expect([reader.carries('client', type, ALL), reader.carries('upstream', type, ALL)]).toEqual([false, false]);
  });

  it('is asked for only where its kind is judged', () => {
    const reader = new OpenAiContentReader();
    const judged = new Set<ContentKind>(['image']);
    expect(reader.carries('client', 'conversation.item.create', judged)).toBe(true);
    expect(reader.carries('client', 'session.update', judged)).toBe(false);
    expect(reader.carries('client', 'unknown', judged)).toBe(true);
    expect(reader.carries('client', 'unknown', new Set())).toBe(false);
  });

  it('can be replaced where it stands, and only there', () => {
    const event = {
      type: 'response.create',
      response: {
        instructions: 'Be rude.',
        input: [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: 'my card' }] }],
        metadata: { topic: 'my card' },
      },
    };
    const read = new OpenAiContentReader().read('client', Buffer.from(JSON.stringify(event)));
    expect(read?.places.map(({ piece }) => [piece.kind, piece.text])).toEqual([
      ['instructions', 'Be rude.'],
      ['typed_text', 'my card'],
    ]);
    read?.places[1]?.replace('[removed]');
    const changed: unknown = JSON.parse(read?.payload().toString() ?? 'null');
    expect(JSON.stringify(changed)).toBe(JSON.stringify(event).replace('"text":"my card"', '"text":"[removed]"'));
  });

  it('is in tools, results of tools and images too', () => {
    const reader = new OpenAiContentReader();
    const kindsOf = (event: object) =>
      reader.read('client', Buffer.from(JSON.stringify(event)))?.places.map(({ piece }) => piece.kind);
    const create = (item: object) => ({ type: 'conversation.item.create', item });
    expect(kindsOf({ type: 'session.update', session: { tools: [{ type: 'function', name: 'f' }] } })).toEqual([
      'tools',
    ]);
    expect(kindsOf(create({ type: 'function_call_output', call_id: 'c', output: 'x' }))).toEqual(['tool_result']);
    const image = { type: 'input_image', image_url: 'data:image/png;base64,AAAA' };
    expect(kindsOf(create({ type: 'message', role: 'user', content: [image] }))).toEqual(['image']);
    expect(kindsOf(create({ type: 'message', role: 'system', content: [{ type: 'input_text', text: 'x' }] }))).toEqual([
      'instructions',
    ]);
  });

  it.each([
    '{',
    '[]',
    '{"type":1}',
    '{"type":"session.update","session":null}',
    '{"type":"response.create","response":7}',
  ])('is nowhere in %s', (payload) => {
    expect(new OpenAiContentReader().read('client', Buffer.from(payload))).toBeNull();
  });
});
