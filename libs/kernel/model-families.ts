// Families of models that are known by name (source: model pages and deprecation notes in the protocol facts, section 5;
// November 2026). Here because two who may not know each other need the same list: who dials (providers, which says what is
// served) and who labels metrics (telemetry). A pool with a model list of its own does not need it, so a model released
// tomorrow is a configuration change, not a release of ours.

/** Conversation models. */
export const REALTIME_FAMILIES = [
  'gpt-4o-realtime-preview',
  'gpt-4o-mini-realtime-preview',
  'gpt-realtime',
  'gpt-realtime-mini',
  'gpt-realtime-1.5',
  'gpt-realtime-2',
  'gpt-realtime-2.1',
  'gpt-realtime-2.1-mini',
] as const;

/** Models that write down what is said. */
export const TRANSCRIPTION_FAMILIES = [
  'gpt-4o-transcribe',
  'gpt-4o-mini-transcribe',
  'gpt-transcribe',
  'gpt-realtime-whisper',
  'gpt-live-transcribe',
  'whisper-1',
] as const;
