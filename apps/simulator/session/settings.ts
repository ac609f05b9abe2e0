// The session object in its full resolved form, and `session.update`. Guarantees atomic updates: one bad field and
// nothing changes (facts 3.1). Leaves acting on a setting to whoever reads it next.
import type { WireFormat } from '../audio/formats.js';
import { errors, missingParameter, refused, shown, unsupportedValue, type Parsed } from './errors.js';
import { parseWith } from './schema-errors.js';
import {
  realtimeUpdateSchema,
  transcriptionUpdateSchema,
  turnDetectionSchema,
  VOICES,
  WITHOUT_TURN_DETECTION,
  type Include,
  type InputAudioUpdate,
  type NoiseReduction,
  type Prompt,
  type RealtimeUpdate,
  type Reasoning,
  type Tool,
  type ToolChoice,
  type Transcription,
  type TranscriptionUpdate,
  type TurnDetection,
  type Voice,
} from './settings-schemas.js';

/** `audio.input` as resolved. */
export interface AudioInputSettings {
  readonly format: WireFormat;
  readonly transcription: Transcription | null;
  readonly noise_reduction: NoiseReduction | null;
  readonly turn_detection: TurnDetection | null;
}

/** A conversation session, key for key as `session.created` shows it. */
export interface RealtimeSettings {
  readonly type: 'realtime';
  readonly object: 'realtime.session';
  readonly id: string;
  readonly model: string;
  readonly output_modalities: readonly ('text' | 'audio')[];
  readonly instructions: string;
  readonly tools: readonly Tool[];
  readonly tool_choice: ToolChoice;
  readonly parallel_tool_calls?: boolean;
  readonly reasoning?: Reasoning;
  readonly max_output_tokens: number | 'inf';
  readonly tracing: NonNullable<RealtimeUpdate['tracing']> | null;
  readonly truncation: NonNullable<RealtimeUpdate['truncation']>;
  readonly prompt: Prompt;
  readonly expires_at: number;
  readonly audio: {
    readonly input: AudioInputSettings;
    readonly output: { readonly format: WireFormat; readonly voice: Voice; readonly speed: number };
  };
  readonly include: NonNullable<Include> | null;
}

/** A transcription session. */
export interface TranscriptionSettings {
  readonly type: 'transcription';
  readonly object: 'realtime.transcription_session';
  readonly id: string;
  readonly expires_at: number;
  readonly audio: { readonly input: AudioInputSettings };
  readonly include: NonNullable<Include> | null;
}

/** The settings of any session. */
export type SessionSettings = RealtimeSettings | TranscriptionSettings;

const PCM: WireFormat = { type: 'audio/pcm', rate: 24_000 };

/** A new conversation session, as `session.created` shows it. `expiresAt` is in epoch seconds. */
export function newRealtimeSettings(opening: {
  id: string;
  model: string;
  expiresAt: number;
  instructions: string;
  voice: string;
}): RealtimeSettings {
  const voice = VOICES.find((each) => each === opening.voice) ?? { id: opening.voice };
  return {
    type: 'realtime',
    object: 'realtime.session',
    id: opening.id,
    model: opening.model,
    output_modalities: ['audio'],
    instructions: opening.instructions,
    tools: [],
    tool_choice: 'auto',
    max_output_tokens: 'inf',
    tracing: null,
    truncation: 'auto',
    prompt: null,
    expires_at: opening.expiresAt,
    audio: { input: newAudioInput(), output: { format: PCM, voice, speed: 1 } },
    include: null,
  };
}

/** A new transcription session. */
export function newTranscriptionSettings(id: string, expiresAt: number): TranscriptionSettings {
  return {
    type: 'transcription',
    object: 'realtime.transcription_session',
    id,
    expires_at: expiresAt,
    audio: { input: newAudioInput() },
    include: null,
  };
}

function newAudioInput(): AudioInputSettings {
  return {
    format: PCM,
    transcription: null,
    noise_reduction: null,
    turn_detection: turnDetectionSchema.parse({ type: 'server_vad' }),
  };
}

/** The wire form: a transcription session shows no reply-related turn settings (trace ga_transcription_session). */
export function wireSession(settings: SessionSettings): unknown {
  if (settings.type === 'realtime') return settings;
  const { input } = settings.audio;
  if (input.turn_detection?.type !== 'server_vad') return settings;
  const { type, threshold, prefix_padding_ms, silence_duration_ms } = input.turn_detection;
  const turn_detection = { type, threshold, prefix_padding_ms, silence_duration_ms };
  return { ...settings, audio: { input: { ...input, turn_detection } } };
}

/** Applies `session.update`. `voiceLocked`: the assistant has spoken, so the voice may not change. */
export function updateSettings(
  current: SessionSettings,
  update: unknown,
  voiceLocked: boolean,
): Parsed<SessionSettings> {
  if (typeof update !== 'object' || update === null) return refused(missingParameter('session'));
  const type: unknown = 'type' in update ? update.type : undefined;
  if (type === undefined) return refused(missingParameter('session.type'));
  if (type !== 'realtime' && type !== 'transcription') {
    return refused(unsupportedValue(shown(type), ['realtime', 'transcription'], 'session.type'));
  }
  if (type !== current.type) return refused(errors.typeSwitch(current.type, type));
  if (current.type === 'realtime') {
    const parsed = parseWith(realtimeUpdateSchema, update, 'session');
    return parsed.ok ? updateRealtime(current, parsed.value, voiceLocked) : parsed;
  }
  const parsed = parseWith(transcriptionUpdateSchema, update, 'session');
  return parsed.ok ? updateTranscription(current, parsed.value) : parsed;
}

function updateRealtime(
  current: RealtimeSettings,
  update: RealtimeUpdate,
  voiceLocked: boolean,
): Parsed<SessionSettings> {
  if (update.model !== undefined && update.model !== current.model) return refused(errors.modelLocked());
  const input = updateInput(current.audio.input, update.audio?.input);
  if (!input.ok) return input;
  const spoken = current.audio.output;
  const output = {
    format: update.audio?.output?.format ?? spoken.format,
    voice: update.audio?.output?.voice ?? spoken.voice,
    speed: update.audio?.output?.speed ?? spoken.speed,
  };
  if (voiceLocked && !same(output.voice, spoken.voice)) return refused(errors.voiceLocked());
  const tracing = kept(update.tracing, current.tracing);
  if (current.tracing !== null && !same(tracing, current.tracing)) return refused(errors.tracingLocked());
  const { parallel_tool_calls, reasoning } = update;
  const value = {
    ...current,
    output_modalities: update.output_modalities ?? current.output_modalities,
    instructions: update.instructions ?? current.instructions,
    tools: update.tools ?? current.tools,
    tool_choice: update.tool_choice ?? current.tool_choice,
    ...(parallel_tool_calls === undefined ? {} : { parallel_tool_calls }),
    ...(reasoning === undefined ? {} : { reasoning }),
    max_output_tokens: update.max_output_tokens ?? current.max_output_tokens,
    tracing,
    truncation: update.truncation ?? current.truncation,
    prompt: kept(update.prompt, current.prompt),
    audio: { input: input.value, output },
    include: kept(update.include, current.include),
  };
  return { ok: true, value };
}

function updateTranscription(current: TranscriptionSettings, update: TranscriptionUpdate): Parsed<SessionSettings> {
  const input = updateInput(current.audio.input, update.audio?.input);
  if (!input.ok) return input;
  const include = kept(update.include, current.include);
  return { ok: true, value: { ...current, audio: { input: input.value }, include } };
}

function updateInput(current: AudioInputSettings, update: InputAudioUpdate | undefined): Parsed<AudioInputSettings> {
  const value = {
    format: update?.format ?? current.format,
    transcription: kept(update?.transcription, current.transcription),
    noise_reduction: kept(update?.noise_reduction, current.noise_reduction),
    turn_detection: kept(update?.turn_detection, current.turn_detection),
  };
  const model = value.transcription?.model;
  if (model !== undefined && WITHOUT_TURN_DETECTION.includes(model) && value.turn_detection !== null) {
    return refused(errors.turnDetectionForbidden(model));
  }
  return { ok: true, value };
}

/** Absent keeps the value; null clears it. */
function kept<T>(update: T | undefined, current: T): T {
  return update === undefined ? current : update;
}

/** True when two settings are equal by content. */
export function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
