// Quotients as decimals: what a price is per, how much of it was used. Whole numbers only, no floats.

/**
 * numerator / denominator as a plain decimal of at most `digitsMax` decimals, rounded half away from zero when it has
 * more. `exact` tells whether it had.
 */
export function quotientText(
  numerator: bigint,
  denominator: bigint,
  digitsMax: number,
): { readonly text: string; readonly exact: boolean } {
  const scale = 10n ** BigInt(digitsMax);
  const magnitude = (numerator < 0n ? -numerator : numerator) * scale;
  const exact = magnitude % denominator === 0n;
  const scaled = exact ? magnitude / denominator : (2n * magnitude + denominator) / (2n * denominator);
  const fraction = (scaled % scale).toString().padStart(digitsMax, '0').replace(/0+$/, '');
  const sign = numerator < 0n && scaled !== 0n ? '-' : '';
  return { text: `${sign}${scaled / scale}${fraction && '.'}${fraction}`, exact };
}
