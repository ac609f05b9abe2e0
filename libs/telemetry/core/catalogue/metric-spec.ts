// The shape of an entry of the catalogue.

/** A label and the values it may take; anything else is counted under `other`. */
export interface ListedLabel {
  readonly name: string;
  readonly values: readonly string[];
}

/**
 * A label whose values are names that administrators gave to things of which an installation has a few, such as pools. A
 * process tells so many of them apart, those that come first; the rest are `other`.
 */
export interface NamedLabel {
  readonly name: string;
  readonly namesMax: number;
}

/** A label of a metric. */
export type LabelSpec = ListedLabel | NamedLabel;

interface MetricBase {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly LabelSpec[];
}

/**
 * A gauge that is set as a whole at each look: what is not in the new rows is gone. Its labels are free, so `seriesMax`
 * bounds it: the last series is the sum of all rows that found no place, as `other`.
 */
export interface TableSpec {
  readonly kind: 'table';
  readonly name: string;
  readonly help: string;
  readonly labels: readonly { readonly name: string }[];
  readonly seriesMax: number;
}

/** One metric of the catalogue. Buckets are upper bounds in the metric's unit. */
export type MetricSpec =
  | TableSpec
  | (MetricBase & { readonly kind: 'counter' | 'gauge' })
  | (MetricBase & { readonly kind: 'histogram'; readonly buckets: readonly number[] });

/** The value that stands for everything outside a label's list. */
export const OTHER = 'other';

/** For metrics without labels. */
export const NO_LABELS = [] as const satisfies readonly LabelSpec[];

/** Decides on the values of labels. Of one process, for it remembers which names came first. */
export class LabelValues {
  readonly #names = new Map<string, Set<string>>();

  /** The value to record: the given one when the label tells it apart, `other` when not. */
  bounded(spec: LabelSpec, value: string): string {
    return this.#tellsApart(spec, value) ? value : OTHER;
  }

  #tellsApart(spec: LabelSpec, value: string): boolean {
    if ('values' in spec) return spec.values.includes(value);
    const names = this.#names.get(spec.name) ?? new Set();
    this.#names.set(spec.name, names);
    if (names.size < spec.namesMax) names.add(value);
    return names.has(value);
  }
}
