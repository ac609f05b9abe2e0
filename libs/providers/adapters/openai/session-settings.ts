// The settings of a GA Realtime session that a policy may set beside its app: where they stand, and how they are replaced.
import { asObject, parseObject, type Json } from './json.js';

/** Those settings. */
export interface VeiledSettings {
  /** Null: the app says where turns end. */
  readonly turnDetection: Json | null;
  /** Null: nothing is transcribed. */
  readonly transcription: Json | null;
  readonly instructions: string;
}

/** What an update sets of them; a field that is absent stays as it is. */
export type SettingsChange = { readonly [Field in keyof VeiledSettings]?: VeiledSettings[Field] };

/** Transcribes what a policy must hear where it names no model: it sends words as they come, and takes any turn detection. */
export const USUAL_TRANSCRIPTION_MODEL = 'gpt-4o-mini-transcribe';

/** The settings of a conversation; null where it is none. */
export function settingsOf(session: Json | null): VeiledSettings | null {
  if (session?.['type'] !== 'realtime') return null;
  const input = inputOf(session);
  return {
    turnDetection: asObject(input?.['turn_detection']),
    transcription: asObject(input?.['transcription']),
    instructions: typeof session['instructions'] === 'string' ? session['instructions'] : '',
  };
}

/** What the session of a `session.update` sets; what has another shape is nothing, and the upstream's to refuse. */
export function changeOf(session: Json): SettingsChange {
  const input = inputOf(session) ?? {};
  const { instructions } = session;
  return {
    ...(isSettable(input['turn_detection']) ? { turnDetection: asObject(input['turn_detection']) } : {}),
    ...(isSettable(input['transcription']) ? { transcription: asObject(input['transcription']) } : {}),
    ...(typeof instructions === 'string' ? { instructions } : {}),
  };
}

/** A session, or what an update sets of one, with these in place of its own. */
export function withSettings(session: Json, { turnDetection, transcription, instructions }: SettingsChange): Json {
  const input = {
    ...(turnDetection === undefined ? {} : { turn_detection: turnDetection }),
    ...(transcription === undefined ? {} : { transcription }),
  };
  const audio = asObject(session['audio']);
  return {
    ...session,
    ...(instructions === undefined ? {} : { instructions }),
    ...(Object.keys(input).length === 0
      ? {}
      : { audio: { ...audio, input: { ...asObject(audio?.['input']), ...input } } }),
  };
}

/** Whether turn detection begins answers; the vendor's default is that it does. */
export function createsResponses(turnDetection: Json | null): boolean {
  return turnDetection !== null && turnDetection['create_response'] !== false;
}

/** The format of the model's audio; null where it is not described. */
export function spokenFormatOf(session: Json | null): Json | null {
  return asObject(asObject(asObject(session?.['audio'])?.['output'])?.['format']);
}

/** The session that an event is about. */
export function sessionOf(payload: Buffer): { readonly event: Json; readonly session: Json } | null {
  const event = parseObject(payload);
  const session = asObject(event?.['session']);
  return event === null || session === null ? null : { event, session };
}

function inputOf(session: Json): Json | null {
  return asObject(asObject(session['audio'])?.['input']);
}

function isSettable(value: unknown): boolean {
  return value === null || (typeof value === 'object' && !Array.isArray(value));
}
