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
    expect(reader.carries('client', 'session.update', new Set(['typed_text']))).toBe(false);
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

  const create = (item: object) => ({ type: 'conversation.item.create', item });
  const update = (session: object) => ({ type: 'session.update', session });
  const ask = (response: object) => ({ type: 'response.create', response });
  const message = (role: string, part: object) => ({ type: 'message', role, content: [part] });
  const made = (item: object) => ({ type: 'response.output_item.done', response_id: 'resp_1', item });
  const transcription = (rest: string, fields: object) => ({
    type: `conversation.item.input_audio_transcription.${rest}`,
    item_id: 'item_1',
    ...fields,
  });

  it.each<[string, ContentKind, 'client' | 'upstream', object]>([
    ['instructions of a session', 'instructions', 'client', update({ instructions: 'W' })],
    ['a prompt variable', 'instructions', 'client', update({ prompt: { id: 'p', variables: { a: 'W' } } })],
    [
      'a variable in parts',
      'instructions',
      'client',
      ask({ prompt: { variables: { a: { type: 'input_text', text: 'W' } } } }),
    ],
    [
      'a picture in a variable',
      'image',
      'client',
      update({ prompt: { variables: { a: { type: 'input_image', image_url: 'W' } } } }),
    ],
    [
      'a transcription prompt',
      'instructions',
      'client',
      update({ audio: { input: { transcription: { prompt: 'W' } } } }),
    ],
    [
      'transcription keywords',
      'instructions',
      'client',
      update({ audio: { input: { transcription: { keywords: ['W'] } } } }),
    ],
    ['tools of a session', 'tools', 'client', update({ tools: [{ name: 'f', description: 'W' }] })],
    ['tools of a response', 'tools', 'client', ask({ tools: [{ type: 'mcp', server_description: 'W' }] })],
    ['instructions of a response', 'instructions', 'client', ask({ instructions: 'W' })],
    [
      'input of a response',
      'typed_text',
      'client',
      ask({ input: [message('user', { type: 'input_text', text: 'W' })] }),
    ],
    ['typed text', 'typed_text', 'client', create(message('user', { type: 'input_text', text: 'W' }))],
    ['typed text without parts', 'typed_text', 'client', create({ type: 'message', role: 'user', content: 'W' })],
    ['a transcript put in', 'typed_text', 'client', create(message('user', { type: 'input_audio', transcript: 'W' }))],
    ['an answer put in', 'typed_text', 'client', create(message('assistant', { type: 'output_text', text: 'W' }))],
    ['a system message', 'instructions', 'client', create(message('system', { type: 'input_text', text: 'W' }))],
    ['a picture', 'image', 'client', create(message('user', { type: 'input_image', image_url: 'W' }))],
    ['a call put in', 'typed_text', 'client', create({ type: 'function_call', arguments: '{"a":"W"}' })],
    ['output of a function', 'tool_result', 'client', create({ type: 'function_call_output', output: 'W' })],
    [
      'output in parts',
      'tool_result',
      'client',
      create({ type: 'function_call_output', output: [{ type: 'input_text', text: 'W' }] }),
    ],
    [
      'output as an object',
      'tool_result',
      'client',
      create({ type: 'function_call_output', output: { type: 'x', found: { a: 'W' } } }),
    ],
    [
      'a picture as output',
      'image',
      'client',
      create({ type: 'function_call_output', output: [{ type: 'input_image', image_url: 'W' }] }),
    ],
    [
      'a refused approval',
      'typed_text',
      'client',
      create({ type: 'mcp_approval_response', approve: false, reason: 'W' }),
    ],
    ['an MCP call put in', 'tool_result', 'client', create({ type: 'mcp_call', output: 'W' })],
    [
      'MCP tools',
      'tools',
      'upstream',
      { type: 'conversation.item.done', item: { type: 'mcp_list_tools', tools: [{ description: 'W' }] } },
    ],
    ['the result of an MCP call', 'tool_result', 'upstream', made({ type: 'mcp_call', output: 'W' })],
    ['the error of an MCP call', 'tool_result', 'upstream', made({ type: 'mcp_call', error: { message: 'W' } })],
    [
      'an MCP call to be approved',
      'tool_arguments',
      'upstream',
      made({ type: 'mcp_approval_request', arguments: '{"a":"W"}' }),
    ],
    ['MCP arguments', 'tool_arguments', 'upstream', { type: 'response.mcp_call_arguments.delta', delta: 'W' }],
    [
      'MCP arguments at once',
      'tool_arguments',
      'upstream',
      { type: 'response.mcp_call_arguments.done', arguments: 'W' },
    ],
    ['arguments', 'tool_arguments', 'upstream', { type: 'response.function_call_arguments.delta', delta: 'W' }],
    [
      'arguments at once',
      'tool_arguments',
      'upstream',
      { type: 'response.function_call_arguments.done', arguments: 'W' },
    ],
    ['text', 'output_text', 'upstream', { type: 'response.output_text.delta', delta: 'W' }],
    ['text at once', 'output_text', 'upstream', { type: 'response.output_text.done', text: 'W' }],
    ['speech', 'output_text', 'upstream', { type: 'response.output_audio_transcript.delta', delta: 'W' }],
    ['speech at once', 'output_text', 'upstream', { type: 'response.output_audio_transcript.done', transcript: 'W' }],
    ["a caller's words", 'input_transcript', 'upstream', transcription('delta', { delta: 'W' })],
    ["a caller's words at once", 'input_transcript', 'upstream', transcription('completed', { transcript: 'W' })],
    ["a speaker's words", 'input_transcript', 'upstream', transcription('segment', { text: 'W', speaker: 'A' })],
  ])('is %s', (_what, kind, from, event) => {
    const reader = new OpenAiContentReader();
    expect(reader.carries(from, 'type' in event ? String(event.type) : '', new Set([kind]))).toBe(true);
    const read = reader.read(from, Buffer.from(JSON.stringify(event)));
    expect(read?.places.map(({ piece }) => [piece.kind, piece.text.includes('W')])).toEqual([[kind, true]]);
    if (kind === 'tools') return;
    read?.places[0]?.replace('[removed]');
    expect(read?.payload().toString()).not.toContain('W');
  });

  const said = (reader: OpenAiContentReader, rest: string, fields: object) =>
    reader
      .read('upstream', Buffer.from(JSON.stringify(transcription(rest, fields))))
      ?.places.map(({ piece: { streamId, text, complete } }) => ({ streamId, text, complete }));

  it.each([
    ['repeats the deltas', 'I said hi', [['item_1:0', '']]],
    ['goes on', 'I said hi there', [['item_1:0', ' there']]],
    [
      'says something else',
      'I said die',
      [
        ['item_1:0', ''],
        [null, 'I said die'],
      ],
    ],
    [
      'is shorter',
      'I',
      [
        ['item_1:0', ''],
        [null, 'I'],
      ],
    ],
  ])('of a final transcript that %s is what no delta said', (_how, transcript, left) => {
    const reader = new OpenAiContentReader();
    said(reader, 'delta', { delta: 'I said' });
    said(reader, 'delta', { delta: ' hi' });
    const ends = left.map(([streamId, text]) => ({ streamId, text, complete: true }));
    expect(said(reader, 'completed', { transcript })).toEqual(ends);
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
