import type { UsageRow } from '@trunkline/ledger/adapters/prisma';

/** How much of a meter was used by everybody together, in millionths of its unit. */
export interface MeterSum {
  readonly meter: string;
  readonly quantityMicro: bigint;
  /** The part that we estimated, because the vendor never reported. */
  readonly estimatedMicro: bigint;
  /** The part that is not in the ledger: it waits for rating, a price, or a person. */
  readonly unbookedMicro: bigint;
}

/** Sums usage rows by meter, in the order of the meters' names. */
export function sumByMeter(rows: readonly UsageRow[]): readonly MeterSum[] {
  const sums = new Map<string, MeterSum>();
  for (const { meter, quantityMicro, evidence, ratingState } of rows) {
    const sum = sums.get(meter) ?? { meter, quantityMicro: 0n, estimatedMicro: 0n, unbookedMicro: 0n };
    sums.set(meter, {
      meter,
      quantityMicro: sum.quantityMicro + quantityMicro,
      estimatedMicro: sum.estimatedMicro + (evidence !== 'reported' ? quantityMicro : 0n),
      unbookedMicro: sum.unbookedMicro + (ratingState === 'rated' ? 0n : quantityMicro),
    });
  }
  return [...sums.values()].sort((a, b) => (a.meter < b.meter ? -1 : 1));
}
