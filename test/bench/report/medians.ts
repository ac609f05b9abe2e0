// Medians over rounds, and ratios of two lanes. Guarantees that a ratio is taken round by round and only then its median,
// so that a slow hour of the machine, which slows both lanes of a round, does not move it.
import type { Sample } from '../run/rounds.js';

/** The middle value, the mean of the two middle ones for an even count; null for none. */
export function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? upper;
  return (upper + lower) / 2;
}

/** Answers questions about a run's samples. */
export class Results {
  /** @param lanes the names of the lanes that were measured, in the order to show them. */
  constructor(
    readonly samples: readonly Sample[],
    readonly lanes: readonly string[],
  ) {}

  /** The share of a core that other programs used while cells were measured: middle and worst. */
  noise(name: 'othersOnProxyCore' | 'othersOnLoadCore'): { median: number | null; worst: number | null } {
    const shares = this.samples.map((sample) => sample.figures[name]).filter((share) => typeof share === 'number');
    return { median: median(shares), worst: shares.length > 0 ? Math.max(...shares) : null };
  }

  /** True when some lane measured the cell. */
  has(cell: string): boolean {
    return this.samples.some((sample) => sample.cell === cell);
  }

  /** One figure, median over the rounds. */
  figure(lane: string, cell: string, name: string): number | null {
    return median(this.perRound(lane, (round) => this.at(round, lane, cell, name)));
  }

  /** One figure over nginx's, or another lane's: median of the rounds' ratios. */
  ratio(lane: string, cell: string, name: string, other = withTls('nginx', lane)): number | null {
    return this.compare(lane, other, (round, which) => this.at(round, which, cell, name));
  }

  /** As `ratio`, of a time over the direct lane's: what the proxy adds. */
  addedRatio(lane: string, cell: string, name: string): number | null {
    return this.compare(lane, withTls('nginx', lane), (round, which) => this.addedAt(round, which, cell, name));
  }

  /** What a lane adds to the direct lane's time, median over the rounds. */
  added(lane: string, cell: string, name: string): number | null {
    return median(this.perRound(lane, (round) => this.addedAt(round, lane, cell, name)));
  }

  private compare(lane: string, other: string, of: (round: number, lane: string) => number | null): number | null {
    const ratios = this.perRound(lane, (round) => {
      const value = of(round, lane);
      const yardstick = of(round, other);
      return value === null || yardstick === null || yardstick <= 0 ? null : value / yardstick;
    });
    return median(ratios);
  }

  private perRound(lane: string, of: (round: number) => number | null): number[] {
    const rounds = new Set(this.samples.filter((sample) => sample.lane === lane).map((sample) => sample.round));
    return [...rounds].map(of).filter((value) => value !== null);
  }

  private addedAt(round: number, lane: string, cell: string, name: string): number | null {
    const value = this.at(round, lane, cell, name);
    const direct = this.at(round, withTls('direct', lane), cell, name);
    return value === null || direct === null ? null : value - direct;
  }

  private at(round: number, lane: string, cell: string, name: string): number | null {
    const found = this.samples.find((s) => s.round === round && s.lane === lane && s.cell === cell);
    return found?.figures[name] ?? null;
  }
}

/** Lanes over TLS are compared with lanes over TLS. */
function withTls(yardstick: string, lane: string): string {
  return lane.endsWith('-tls') ? `${yardstick}-tls` : yardstick;
}
