// How many sessions may be open at once, by model, key and in all. Guarantees only the comparison: counting is the
// books', so that the cap and the oracle can never disagree.
import type { Books } from './books.js';
import type { SimulatorConfig } from './config.js';

/** The name and size of the first cap that one more session would pass; null when there is room. */
export function capReached(
  { caps }: SimulatorConfig,
  { openNow }: Books,
  asked: { readonly model: string | null; readonly key: string | null },
): string | null {
  const model = asked.model ?? '';
  const key = asked.key ?? '';
  if (caps.total !== null && openNow.total >= caps.total) return `limit ${caps.total} in all`;
  const byModel = caps.byModel[model];
  if (byModel !== undefined && (openNow.byModel[model] ?? 0) >= byModel) return `limit ${byModel} for ${model}`;
  const byKey = caps.byKey[key];
  if (byKey !== undefined && (openNow.byKey[key] ?? 0) >= byKey) return `limit ${byKey} for this key`;
  return null;
}
