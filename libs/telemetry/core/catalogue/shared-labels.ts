// Labels that metrics of several subjects have.
import { REALTIME_FAMILIES, TRANSCRIPTION_FAMILIES } from '@trunkline/kernel';
import type { ListedLabel, NamedLabel } from './metric-spec.js';

// The last is of sessions that transcribe and have not said with which model.
const MODEL_FAMILIES = [...REALTIME_FAMILIES, ...TRANSCRIPTION_FAMILIES, 'transcription'];

/** The family of a model: what is not in the list is `other`. */
export const modelFamily = { name: 'model_family', values: MODEL_FAMILIES } as const satisfies ListedLabel;

/** An upstream account, by its slug. Who has many of them reads the rest in `cli pool status`. */
export const pool = { name: 'pool', namesMax: 30 } as const satisfies NamedLabel;

/** Pools that a table of them has series of. */
export const POOLS_MAX = 50;

/** Codes that a call is refused with. */
export const REFUSALS = [
  'invalid_request',
  'conflicting_credentials',
  'missing_model',
  'beta_api_shape_disabled',
  'invalid_api_key',
  'origin_not_allowed',
  'tenant_suspended',
  'end_user_refused',
  'model_not_found',
  'not_found',
  'method_not_allowed',
  'upgrade_required',
  'concurrency_limit_exceeded',
  'budget_exceeded',
  'upstream_refused',
  'upstream_unreachable',
  'upstream_tls_invalid',
  'upstream_capacity',
  'upstream_timeout',
  'admission_unavailable',
  'metering_unavailable',
  'draining',
  'internal_error',
];
