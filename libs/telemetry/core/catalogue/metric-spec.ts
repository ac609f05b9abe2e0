// The shape of an entry of the catalogue.

/** A label and the values it may take; anything else is counted under `other`. */
export interface LabelSpec {
  readonly name: string;
  readonly values: readonly string[];
}

interface MetricBase {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly LabelSpec[];
}

/** One metric of the catalogue. Buckets are upper bounds in the metric's unit. */
export type MetricSpec =
  | (MetricBase & { readonly kind: 'counter' | 'gauge' })
  | (MetricBase & { readonly kind: 'histogram'; readonly buckets: readonly number[] });

/** The value that stands for everything outside a label's list. */
export const OTHER = 'other';

/** For metrics without labels. */
export const NO_LABELS = [] as const satisfies readonly LabelSpec[];

/** The label value to record: the given one when it is in the list, `other` when not. */
export function boundedLabel(spec: LabelSpec, value: string): string {
  return spec.values.includes(value) ? value : OTHER;
}
