// What alerts can be about, one row for each kind: in which unit it is measured, which thresholds make sense, and when it is
// well again. Guarantees that whatever handles a kind finds it here or does not compile. Leaves measuring to the worker.

/** What is measured. */
export interface AlertKindSpec {
  readonly unit: 'percent' | 'seconds' | 'days' | 'events' | 'findings_per_hour';
  /** Bounds of a threshold, in the unit. */
  readonly min: number;
  readonly max: number;
  /** Thresholds that there are; null: any whole number within the bounds. */
  readonly only: readonly number[] | null;
  /** Below this part of its threshold it counts as well again: what hovers around it is one alert and not many. */
  readonly clearsAt: number;
  /** Whether a tenant's own people may have rules of it: it tells nothing of others, nor of what all share. */
  readonly forTenants: boolean;
  /** One sentence for whoever writes a rule. */
  readonly says: string;
}

/** All kinds. */
export const ALERT_KINDS = {
  budget: {
    ...{ unit: 'percent', min: 50, max: 100, only: [50, 80, 100], clearsAt: 1, forTenants: true },
    says: "used part of a tenant's limit of the day or the month",
  },
  cap_saturation: {
    ...{ unit: 'percent', min: 1, max: 100, only: null, clearsAt: 0.9, forTenants: false },
    says: "lines in use of a pool's cap",
  },
  reconciliation: {
    ...{ unit: 'days', min: 1, max: 30, only: null, clearsAt: 1, forTenants: false },
    says: "days of a pool, of the last 45, on which our books differ from the vendor's, without a note on the newest run",
  },
  unpriced_model: {
    ...{ unit: 'events', min: 1, max: 1_000_000, only: null, clearsAt: 1, forTenants: false },
    says: "usage events of a vendor's model that wait for a price",
  },
  ledger_lag: {
    ...{ unit: 'seconds', min: 1, max: 86_400, only: null, clearsAt: 0.9, forTenants: false },
    says: 'age of the oldest usage event that is not in the ledger',
  },
  moderation: {
    ...{ unit: 'findings_per_hour', min: 1, max: 1_000_000, only: null, clearsAt: 0.9, forTenants: true },
    says: "findings of a tenant's moderation in the last hour, dry runs apart",
  },
} as const satisfies Record<string, AlertKindSpec>;

/** One of them. */
export type AlertKind = keyof typeof ALERT_KINDS;

/** Their names. */
export const ALERT_KIND_NAMES = Object.keys(ALERT_KINDS).filter(isAlertKind);

/** Whether a text names a kind. */
export function isAlertKind(text: string): text is AlertKind {
  return Object.hasOwn(ALERT_KINDS, text);
}

/** What a kind is. */
export function specOf(kind: AlertKind): AlertKindSpec {
  return ALERT_KINDS[kind];
}

/** Why a threshold makes no sense for a kind; null when it does. */
export function thresholdProblem(kind: AlertKind, threshold: number): string | null {
  const { min, max, only, unit } = specOf(kind);
  const words = unit.replaceAll('_', ' ');
  if (only !== null)
    return only.includes(threshold) ? null : `threshold of ${kind} must be ${only.join(', ')} ${words}`;
  return Number.isInteger(threshold) && threshold >= min && threshold <= max
    ? null
    : `threshold of ${kind} must be a whole number from ${min} to ${max} ${words}`;
}
