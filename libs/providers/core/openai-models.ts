// What OpenAI is known to serve on `/v1/realtime` (source: model pages and deprecation notes in the protocol facts,
// section 5; November 2026). A pool with a model list of its own does not need this table, so a model released tomorrow
// is a configuration change, not a release of ours. In the core, for those who ask where calls go and dial nobody.

const REALTIME_FAMILIES = [
  'gpt-4o-realtime-preview',
  'gpt-4o-mini-realtime-preview',
  'gpt-realtime',
  'gpt-realtime-mini',
  'gpt-realtime-1.5',
  'gpt-realtime-2',
  'gpt-realtime-2.1',
  'gpt-realtime-2.1-mini',
] as const;

const DATED_SNAPSHOT = /-\d{4}-\d{2}-\d{2}$/;

/** True for a conversation model of the Realtime API, or a dated snapshot of one. */
export function isRealtimeModel(model: string): boolean {
  return realtimeFamily(model) !== null;
}

/** The undated family of a Realtime model (bounded: safe as a metric label), or null when it is none. */
export function realtimeFamily(model: string): string | null {
  const family = modelFamily(model);
  return REALTIME_FAMILIES.find((known) => known === family) ?? null;
}

/** The undated name of any model: what caps by model family are counted under. */
export function modelFamily(model: string): string {
  return model.replace(DATED_SNAPSHOT, '');
}

/** The families above, for `GET /v1/models`. */
export function realtimeModels(): readonly string[] {
  return REALTIME_FAMILIES;
}
