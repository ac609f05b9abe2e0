// The names that models go by: a priced model is itself, an alias is the model it pointed to at an instant, a dated
// snapshot that nobody told us of is its family.
import { err, ok, type Result } from '@trunkline/kernel';
import type { ModelAlias } from './price-version.js';

/** The priced model that a name stands for at an instant, or null when none does. */
export type ResolveModel = (model: string, atMs: number) => string | null;

/** OpenAI's dated snapshots: `gpt-realtime-2025-08-28` is of the family `gpt-realtime`. */
const DATED_SNAPSHOT = /^(.+)-\d{4}-\d{2}-\d{2}$/;

/**
 * Compiles the names of priced models. Names resolve in this order: a priced model is itself (and never borrows another's
 * price, even before its first version); an alias is the model it pointed to at that instant; an unknown dated snapshot
 * `<family>-YYYY-MM-DD` is its family, for OpenAI publishes snapshots before we hear of them and has always priced them as
 * the family until it said otherwise. Rejected: pricing an unknown name as its nearest relative.
 * @returns the resolver, or every alias that contradicts a price or another alias.
 */
export function compileModelNames(
  priced: ReadonlySet<string>,
  aliases: readonly ModelAlias[],
): Result<ResolveModel, readonly string[]> {
  const index = new Map<string, ModelAlias[]>();
  for (const alias of [...aliases].sort((a, b) => a.effectiveFrom - b.effectiveFrom))
    index.set(alias.alias, [...(index.get(alias.alias) ?? []), alias]);
  const problems = aliasProblems(aliases, index, priced);
  if (problems.length > 0) return err(problems);
  const known: ResolveModel = (model, atMs) =>
    priced.has(model)
      ? model
      : ((index.get(model) ?? []).findLast((each) => each.effectiveFrom <= atMs)?.model ?? null);
  return ok((model, atMs) => {
    if (priced.has(model) || index.has(model)) return known(model, atMs);
    const family = DATED_SNAPSHOT.exec(model)?.[1];
    return family === undefined ? null : known(family, atMs);
  });
}

function aliasProblems(
  aliases: readonly ModelAlias[],
  index: ReadonlyMap<string, readonly ModelAlias[]>,
  priced: ReadonlySet<string>,
): string[] {
  const problems: string[] = [];
  for (const alias of aliases) {
    if (priced.has(alias.alias))
      problems.push(
        `alias ${alias.alias} -> ${alias.model}: ${alias.alias} is a name of ${alias.model} and cannot have prices of its own. ` +
          `Price ${alias.model} instead; for a price of its own that began before the alias, leave the alias out`,
      );
    if (!priced.has(alias.model))
      problems.push(`alias ${alias.alias} -> ${alias.model}: ${alias.model} has no price; import its prices first`);
  }
  for (const [name, group] of index) {
    const twice = group.find((each, i) => group[i + 1]?.effectiveFrom === each.effectiveFrom);
    if (twice) problems.push(`alias ${name} points to two models from ${new Date(twice.effectiveFrom).toISOString()}`);
  }
  return problems;
}
