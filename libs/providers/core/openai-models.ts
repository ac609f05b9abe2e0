// What OpenAI is known to serve on `/v1/realtime`, by the families of the kernel's list. In the core, for those who ask where
// calls go and dial nobody.
import { REALTIME_FAMILIES } from '@trunkline/kernel';

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
