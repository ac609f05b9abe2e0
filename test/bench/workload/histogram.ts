// Latencies in microseconds as counts per bucket: 64 buckets per power of two, so a quantile is right within 1.6 %.
// Guarantees that histograms of two processes can be added. Leaves units and meaning to its user.

const SUB_BITS = 6;
const SUB = 1 << SUB_BITS;
/** Values up to 2^36 us, 19 hours; greater ones are counted as that. */
const BUCKETS = (37 - SUB_BITS) * SUB;

/** Counts by bucket; what travels between processes. */
export type SparseHistogram = [bucket: number, count: number][];

/** A distribution of microseconds. */
export class Histogram {
  private readonly counts = new Float64Array(BUCKETS);

  /** Counts one value; clocks are read by two processes, so a tiny negative value is zero. */
  record(us: number): void {
    const bucket = bucketOf(us);
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
  }

  /** Adds what another histogram counted. */
  add(other: SparseHistogram): this {
    for (const [bucket, count] of other) this.counts[bucket] = (this.counts[bucket] ?? 0) + count;
    return this;
  }

  /** The value below which a share `q` of the counts lies, in microseconds; null when nothing was counted. */
  quantile(q: number): number | null {
    const total = this.counts.reduce((sum, count) => sum + count, 0);
    if (total === 0) return null;
    let left = Math.max(1, Math.ceil(total * q));
    const bucket = this.counts.findIndex((count) => (left -= count) <= 0);
    return valueOf(bucket);
  }

  /** The buckets that are not empty. */
  sparse(): SparseHistogram {
    const out: SparseHistogram = [];
    this.counts.forEach((count, bucket) => count > 0 && out.push([bucket, count]));
    return out;
  }

  /** Starts again from nothing. */
  clear(): void {
    this.counts.fill(0);
  }
}

function bucketOf(us: number): number {
  const value = Math.max(0, Math.floor(us));
  if (value < SUB) return value;
  const power = Math.floor(Math.log2(value));
  const sub = Math.floor(value / 2 ** (power - SUB_BITS)) - SUB;
  return Math.min(BUCKETS - 1, (power - SUB_BITS + 1) * SUB + sub);
}

/** The middle of a bucket. */
function valueOf(bucket: number): number {
  if (bucket < SUB) return bucket;
  const power = Math.floor(bucket / SUB) + SUB_BITS - 1;
  const width = 2 ** (power - SUB_BITS);
  return (SUB + (bucket % SUB)) * width + width / 2;
}
