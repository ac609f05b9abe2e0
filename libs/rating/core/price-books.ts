// All prices of an installation, and which of them hold for whom: the list of the vendor whose account was used, with its
// uplifts, is what usage costs us; a tenant's own price for that vendor's model, or else the list's with the tenant's markup,
// is what the tenant pays. No vendor's usage is ever priced by another's list. Immutable, compiled
// and refused as a whole like one book. Rating by them is for `rate.ts`.
import { err, ok, VENDORS, type PoolId, type Result, type TenantId, type Vendor } from '@trunkline/kernel';
import type { Meter } from '@trunkline/metering';
import { derivedPrice } from './derived-price.js';
import { compileModelNames, type ResolveModel } from './model-names.js';
import { compileVersions, emptyPriceBook, type PriceBook } from './price-book.js';
import { inForce, type PricePlan, type PriceUplift } from './price-plan.js';
import { describeVersion, serviceTierOf, type ModelAlias, type PriceVersion } from './price-version.js';

/** What a rating is for: what the vendor charges us, or what we charge the tenant. Each has its own price book. */
export const PURPOSES = ['provider_cost', 'tenant_charge'] as const;
export type Purpose = (typeof PURPOSES)[number];

/** The book to rate by for each purpose. */
export type RatingBooks = Readonly<Record<Purpose, PriceBook>>;

/** Everything that prices are made of. */
export interface PriceCatalogue {
  readonly versions: readonly PriceVersion[];
  readonly aliases: readonly ModelAlias[];
  readonly plans: readonly PricePlan[];
  readonly uplifts: readonly PriceUplift[];
}

/** What of a usage chooses its books. */
export interface PricedUsage {
  readonly tenantId: TenantId;
  readonly poolId: PoolId;
  /** Whose account was used. */
  readonly vendor: Vendor;
  /** As the vendor said it; absent or null where it did not. */
  readonly serviceTier?: string | null | undefined;
}

/** The prices of an installation. */
export interface PriceBooks {
  /** The books that hold for a usage, at any instant: they know when plans and uplifts begin. Cheap: asked per event. */
  booksFor(usage: PricedUsage): RatingBooks;
  /** A vendor's list at the default tier, without uplifts; resolves the names of all its priced models. */
  listOf(vendor: Vendor): PriceBook;
  readonly catalogue: PriceCatalogue;
  /** All versions that count, of every list and tier, with their effective ends. */
  readonly versions: readonly PriceVersion[];
}

/**
 * Compiles all prices. A tenant's own price is for a model that the vendor's list has, by its priced name: a name that may
 * point to another model tomorrow would move the agreed price with it. It is final: neither uplift nor markup is added.
 * @returns the books, or every contradiction, each naming its rows.
 */
export function compilePriceBooks(catalogue: PriceCatalogue): Result<PriceBooks, readonly string[]> {
  const listed = listedModels(catalogue.versions);
  const names = compileNames(catalogue, listed);
  const problems = [...names.problems, ...foreignModels(catalogue, listed), ...unknownModels(catalogue, listed)];
  const shelf = new Map<string, PriceBook>();
  for (const rows of groupBy(catalogue.versions, shelfKey).values()) {
    const [{ provider }] = rows;
    const compiled = compileVersions(rows, names.resolve(provider));
    if (compiled.ok) shelf.set(shelfKey(rows[0]), compiled.value);
    else problems.push(...compiled.error);
  }
  if (problems.length > 0) return err(problems);
  const bookOf = (provider: Vendor, serviceTier: string): PriceBook =>
    shelf.get(shelfKey({ provider, book: 'vendor', serviceTier })) ?? {
      ...emptyPriceBook(),
      resolve: names.resolve(provider),
    };
  const terms = termsOf(catalogue, names.resolve);
  const booksFor = (usage: PricedUsage): RatingBooks => {
    const [provider, serviceTier] = [usage.vendor, serviceTierOf(usage.serviceTier)];
    const list = bookOf(provider, serviceTier);
    const own = shelf.get(shelfKey({ provider, book: `tenant:${usage.tenantId}`, serviceTier }));
    return {
      provider_cost: withLookup(list, (version, atMs) => terms.uplifted(version, usage, atMs)),
      tenant_charge: withLookup(list, (version, atMs) => terms.charged(version, usage, atMs), own),
    };
  };
  const listOf = (vendor: Vendor): PriceBook => ({ ...bookOf(vendor, 'default'), aliases: catalogue.aliases });
  return ok({ booksFor, listOf, catalogue, versions: [...shelf.values()].flatMap((book) => book.versions) });
}

/** No prices at all: everything is unrated. */
export function emptyPriceBooks(): PriceBooks {
  const none = emptyPriceBook();
  const catalogue: PriceCatalogue = { versions: [], aliases: [], plans: [], uplifts: [] };
  const booksFor = () => ({ provider_cost: none, tenant_charge: none });
  return { booksFor, listOf: () => none, catalogue, versions: [] };
}

type ListedModels = ReadonlyMap<Vendor, ReadonlySet<string>>;

function listedModels(versions: readonly PriceVersion[]): ListedModels {
  const listed = versions.filter(({ book }) => book === 'vendor');
  return new Map(
    VENDORS.map((vendor) => [vendor, new Set(listed.flatMap((row) => (row.provider === vendor ? [row.model] : [])))]),
  );
}

/** The names of each vendor's models. */
interface ModelNames {
  readonly resolve: (vendor: Vendor) => ResolveModel;
  readonly problems: readonly string[];
}

// An alias belongs to the vendors that list the model it points to; one that leads nowhere is anybody's problem.
function compileNames({ aliases }: PriceCatalogue, listed: ListedModels): ModelNames {
  const resolvers = new Map<Vendor, ResolveModel>();
  const problems = new Set<string>();
  const nowhere = aliases.filter(({ model }) => ![...listed.values()].some((models) => models.has(model)));
  for (const [vendor, models] of listed) {
    const compiled = compileModelNames(models, [...aliases.filter(({ model }) => models.has(model)), ...nowhere]);
    if (compiled.ok) resolvers.set(vendor, compiled.value);
    else for (const problem of compiled.error) problems.add(problem);
  }
  return { resolve: (vendor) => resolvers.get(vendor) ?? (() => null), problems: [...problems] };
}

function withLookup(
  list: PriceBook,
  priced: (version: PriceVersion, atMs: number) => PriceVersion,
  own?: PriceBook,
): PriceBook {
  const lookup = (model: string, meter: Meter, atMs: number): PriceVersion | null => {
    const agreed = own?.lookup(model, meter, atMs) ?? null;
    if (agreed !== null) return agreed;
    const version = list.lookup(model, meter, atMs);
    return version === null ? null : priced(version, atMs);
  };
  return { ...list, lookup };
}

interface Terms {
  uplifted(version: PriceVersion, usage: PricedUsage, atMs: number): PriceVersion;
  charged(version: PriceVersion, usage: PricedUsage, atMs: number): PriceVersion;
}

function termsOf({ plans, uplifts }: PriceCatalogue, resolve: ModelNames['resolve']): Terms {
  const plansByTenant = groupBy(plans, ({ tenantId }) => tenantId);
  const upliftsByScope = groupBy(uplifts, ({ scope }) => scope);

  const upliftsFor = (version: PriceVersion, { tenantId, poolId }: PricedUsage, atMs: number): PriceUplift[] => {
    const byName = new Map<string, PriceUplift>();
    for (const scope of [`pool:${poolId}`, `tenant:${tenantId}`]) {
      for (const [name, rows] of groupBy(upliftsByScope.get(scope) ?? [], (uplift) => uplift.name)) {
        const uplift = inForce(rows, atMs);
        if (uplift !== null && holdsFor(uplift, version, atMs)) byName.set(name, uplift);
      }
    }
    return [...byName.values()].filter(({ upliftBps }) => upliftBps !== 0);
  };
  const holdsFor = ({ models }: PriceUplift, { provider, model: priced }: PriceVersion, atMs: number): boolean =>
    models.length === 0 || models.some((model) => resolve(provider)(model, atMs) === priced);

  const derive = (version: PriceVersion, usage: PricedUsage, atMs: number, plan: PricePlan | null): PriceVersion => {
    const added = upliftsFor(version, usage, atMs);
    const markupBps = plan?.markupBps ?? 0;
    const starts = [version, ...added, ...(plan === null ? [] : [plan])].map((each) => each.effectiveFrom);
    return derivedPrice(version, {
      book: markupBps === 0 ? 'vendor' : `tenant:${usage.tenantId}`,
      uplifts: added.map(({ name, upliftBps }) => ({ name, bps: upliftBps })),
      markupBps,
      effectiveFrom: Math.max(...starts),
    });
  };
  return {
    uplifted: (version, usage, atMs) => derive(version, usage, atMs, null),
    charged: (version, usage, atMs) => {
      const plan = inForce(plansByTenant.get(usage.tenantId) ?? [], atMs);
      return derive(version, usage, atMs, plan?.markupBps === 0 ? null : plan);
    },
  };
}

function foreignModels({ versions, aliases }: PriceCatalogue, listed: ListedModels): string[] {
  const foreign = versions.filter(
    ({ book, provider, model }) => book !== 'vendor' && listed.get(provider)?.has(model) !== true,
  );
  return foreign.map((version) => {
    const alias = aliases.find((each) => each.alias === version.model);
    const advice = alias ? `is another name of ${alias.model}; price that` : 'has no vendor price; import that first';
    return `${describeVersion(version)}: ${version.model} ${advice}`;
  });
}

function unknownModels({ uplifts, aliases }: PriceCatalogue, listed: ListedModels): string[] {
  const known = new Set([
    ...[...listed.values()].flatMap((models) => [...models]),
    ...aliases.map(({ alias }) => alias),
  ]);
  return uplifts.flatMap(({ name, scope, models }) =>
    models
      .filter((model) => !known.has(model))
      .map((model) => `uplift ${name} for ${scope}: ${model} has no vendor price; import that first, or name another`),
  );
}

function shelfKey({ provider, book, serviceTier }: Pick<PriceVersion, 'provider' | 'book' | 'serviceTier'>): string {
  // None of them has a space.
  return `${provider} ${book} ${serviceTier}`;
}

/** Groups, in the order in which they first appear; none is empty. */
function groupBy<T>(rows: readonly T[], keyOf: (row: T) => string): Map<string, readonly [T, ...T[]]> {
  const groups = new Map<string, [T, ...T[]]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group === undefined) groups.set(keyOf(row), [row]);
    else group.push(row);
  }
  return groups;
}
