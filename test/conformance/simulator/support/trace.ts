// The golden traces, read and replayed. Normalisation, and why it is right:
// - A response's deltas count once, where the first of them stands: how many there are is chance.
// - Transcription events are a stream of their own: the protocol lets them come at any time (facts 3.4).
// - The traces' audio is a few random samples. With voice activity, real speech goes in where speech_started follows
//   and silence where speech_stopped follows; for manual commits each append carries speech, or silence where the
//   trace's transcription fails.
// - A truncation that the trace accepts asks for 50 ms: how much had been spoken by then is chance.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { at, parseEvent, type WireClient, type WireEvent } from './client.js';
import { pairIds, withIds } from './shape.js';
import { appends, silence, speech } from './speech.js';

/** A line of a trace. */
export interface TraceLine {
  readonly dir: 'c2s' | 's2c';
  readonly event: WireEvent;
}

/** A traced server event beside the one that the simulator sent. */
export interface Pair {
  readonly traced: WireEvent;
  readonly seen: WireEvent;
}

const TRANSCRIPTION = 'conversation.item.input_audio_transcription.';

/** Reads a trace; `$` annotations included. */
export function readTrace(name: string): TraceLine[] {
  const path = join(process.cwd(), 'test', 'fixtures', 'traces', `${name}.jsonl`);
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map(parseLine);
}

function parseLine(line: string): TraceLine {
  const parsed: unknown = JSON.parse(line);
  const event = parseEvent(JSON.stringify(at(parsed, 'event')));
  return { dir: at(parsed, 'dir') === 'c2s' ? 'c2s' : 's2c', event };
}

/** Replays the client's side of a trace; gives the server events in pairs, deltas and transcriptions normalised. */
export async function replay(trace: readonly TraceLine[], client: WireClient): Promise<Pair[]> {
  const ids = new Map<string, string>();
  const pairs: Pair[] = [];
  const traced: WireEvent[] = [];
  const hasVad = trace.some(({ event }) => event.type === 'input_audio_buffer.speech_started');
  for (const [index, { dir, event }] of trace.entries()) {
    if (dir === 's2c') {
      if (event.type === '$close') break;
      if (hasVad) sendAudioFor(event, client);
      traced.push(event);
      await catchUp(traced, client, pairs, ids);
    } else if (event.type === 'input_audio_buffer.append') {
      if (!hasVad) for (const each of manualAudio(trace, index)) client.send(each);
    } else client.send(withIds(accepted(event, trace), ids));
  }
  return pairs;
}

function accepted(event: WireEvent, trace: readonly TraceLine[]): WireEvent {
  const isTruncate = event.type === 'conversation.item.truncate';
  const succeeds = trace.some((line) => line.event.type === 'conversation.item.truncated');
  return isTruncate && succeeds ? { ...event, audio_end_ms: 50 } : event;
}

/** Waits until the client has seen the counterpart of the last traced event. */
async function catchUp(
  traced: WireEvent[],
  client: WireClient,
  pairs: Pair[],
  ids: Map<string, string>,
): Promise<void> {
  const last = traced.at(-1);
  if (last === undefined) return;
  const stream = last.type.startsWith(TRANSCRIPTION) ? transcriptions : conversation;
  const place = stream(traced).length - 1;
  if (stream(traced)[place] !== last) return;
  const seen = await client.until(() => stream(client.events)[place], `the counterpart of ${last.type}`);
  pairs.push({ traced: last, seen });
  pairIds(last, seen, ids);
}

/** Everything but transcription, each response's deltas once by type. */
export function conversation(events: readonly WireEvent[]): WireEvent[] {
  const deltas = new Set<string>();
  return events.filter((event) => {
    if (event.type.startsWith(TRANSCRIPTION)) return false;
    if (!event.type.endsWith('.delta')) return true;
    const key = `${event.type} ${String(at(event, 'response_id'))}`;
    if (deltas.has(key)) return false;
    deltas.add(key);
    return true;
  });
}

/** The ends of transcriptions; their deltas are optional. */
function transcriptions(events: readonly WireEvent[]): WireEvent[] {
  return events.filter(({ type }) => type === `${TRANSCRIPTION}completed` || type === `${TRANSCRIPTION}failed`);
}

function sendAudioFor(expected: WireEvent, client: WireClient): void {
  const audio =
    expected.type === 'input_audio_buffer.speech_started'
      ? speech('hear-me')
      : expected.type === 'input_audio_buffer.speech_stopped'
        ? silence(700)
        : Buffer.alloc(0);
  for (const append of appends(audio)) client.send(append);
}

function manualAudio(trace: readonly TraceLine[], index: number): object[] {
  const rest = trace.slice(index).map(({ event }) => event.type);
  const outcome = rest.find((type) => type === `${TRANSCRIPTION}completed` || type === `${TRANSCRIPTION}failed`);
  return appends(outcome === `${TRANSCRIPTION}failed` ? silence(400) : speech('hear-me').subarray(0, 48 * 400));
}
