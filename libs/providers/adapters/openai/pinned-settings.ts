// Keeps settings of a session that its client may not change. What a client sends of them is taken out of its event and the
// rest goes on, because real clients send every setting they know at their beginning and would not begin otherwise.
import { asObject, parseObject, type Json } from './json.js';

/** Types of events that can change settings, for the session or for one answer. */
export const SETTING_EVENTS: ReadonlySet<string> = new Set(['session.update', 'response.create']);

/** Which settings are pinned. */
export interface Pinned {
  /** Paths into the session, e.g. `audio.output.voice`. */
  readonly paths: readonly string[];
  /** What kind of session it is: each has its model in another place. */
  readonly kind: 'realtime' | 'transcription';
  /** The session's model, which is pinned always; null: it was left open. */
  readonly model: string | null;
}

/** The event without what is pinned; null: it held nothing of that and goes on as it came. */
export function withoutPinned(payload: Buffer, pinned: Pinned): Buffer | null {
  const event = parseObject(payload);
  const type = event?.['type'];
  if (event === null || typeof type !== 'string' || !SETTING_EVENTS.has(type)) return null;
  const field = type === 'session.update' ? 'session' : 'response';
  const settings = asObject(event[field]);
  if (settings === null) return null;
  let left = settings;
  for (const path of pathsOf(pinned)) left = without(left, path.split('.'));
  if (pinned.kind === 'transcription') left = transcribedBy(left, pinned.model);
  // Written anew even where nothing was taken out: a reader of doubled fields must see what was judged here.
  return Buffer.from(JSON.stringify({ ...event, [field]: left }));
}

// A template may carry instructions of its own.
const MORE: Readonly<Record<string, readonly string[]>> = { instructions: ['prompt'] };

function pathsOf({ paths, kind }: Pinned): readonly string[] {
  const all = paths.flatMap((path) => [path, ...(MORE[path] ?? [])]);
  return kind === 'realtime' ? ['model', ...all] : all;
}

// The vendor wants the model beside whatever else of the transcription is set.
function transcribedBy(settings: Json, model: string | null): Json {
  const audio = asObject(settings['audio']);
  const input = asObject(audio?.['input']);
  if (model === null || input === null || !Object.hasOwn(input, 'transcription')) return settings;
  const transcription = { ...asObject(input['transcription']), model };
  return { ...settings, audio: { ...audio, input: { ...input, transcription } } };
}

function without(settings: Json, [name = '', ...deeper]: readonly string[]): Json {
  if (!Object.hasOwn(settings, name)) return settings;
  const { [name]: value, ...others } = settings;
  const inner = asObject(value);
  // What is no object where one must be, `null` above all, would take the pinned field with it.
  if (deeper.length === 0 || inner === null) return others;
  return { ...settings, [name]: without(inner, deeper) };
}
