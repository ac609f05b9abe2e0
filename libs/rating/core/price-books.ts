// All prices of an installation, and which of them hold for whom: the vendor's list with its uplifts is what usage costs
// us; a tenant's own price, or else the vendor's with the tenant's markup, is what the tenant pays. Immutable, compiled
// and refused as a whole like one book. Rating by them is for `rate.ts`.
import { err, ok, type PoolId, type Result, type TenantId } from '@trunkline/kernel';
import type { Meter } from '@trunkline/metering';
import { derivedPrice } from './derived-price.js';
import { compileModelNames, type ResolveModel } from './model-names.js';
import { compileVersions, emptyPriceBook, type PriceBook } from './price-book.js';
import { inForce, type PricePlan, type PriceUplift } from './price-plan.js';
import {
  describeVersion,
  serviceTierOf,
  type ModelAlias,
  type PriceBookName,
  type PriceVersion,
} from './price-version.js';

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
  /** As the vendor said it; absent or null where it did not. */
  readonly serviceTier?: string | null | undefined;
}

/** The prices of an installation. */
export interface PriceBooks {
  /** The books that hold for a usage, at any instant: they know when plans and uplifts begin. Cheap: asked per event. */
  booksFor(usage: PricedUsage): RatingBooks;
  /** The vendor's list at the default tier, without uplifts; resolves the names of all priced models. */
  readonly vendor: PriceBook;
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
  const vendorModels = new Set(catalogue.versions.filter(({ book }) => book === 'vendor').map(({ model }) => model));
  const names = compileModelNames(vendorModels, catalogue.aliases);
  const problems = [
    ...(names.ok ? [] : names.error),
    ...foreignModels(catalogue, vendorModels),
    ...unknownModels(catalogue, vendorModels),
  ];
  const shelf = new Map<string, PriceBook>();
  for (const [key, rows] of groupBy(catalogue.versions, ({ book, serviceTier }) => shelfKey(book, serviceTier))) {
    const compiled = compileVersions(rows, names.ok ? names.value : () => null);
    if (compiled.ok) shelf.set(key, compiled.value);
    else problems.push(...compiled.error);
  }
  if (!names.ok || problems.length > 0) return err(problems);
  const bookOf = (book: PriceBookName, tier: string): PriceBook =>
    shelf.get(shelfKey(book, tier)) ?? { ...emptyPriceBook(), resolve: names.value };
  const terms = termsOf(catalogue, names.value);
  const booksFor = (usage: PricedUsage): RatingBooks => {
    const tier = serviceTierOf(usage.serviceTier);
    const vendor = bookOf('vendor', tier);
    const own = shelf.get(shelfKey(`tenant:${usage.tenantId}`, tier));
    return {
      provider_cost: withLookup(vendor, (version, atMs) => terms.uplifted(version, usage, atMs)),
      tenant_charge: withLookup(vendor, (version, atMs) => terms.charged(version, usage, atMs), own),
    };
  };
  const versions = [...shelf.values()].flatMap((book) => book.versions);
  return ok({ booksFor, vendor: { ...bookOf('vendor', 'default'), aliases: catalogue.aliases }, catalogue, versions });
}

/** No prices at all: everything is unrated. */
export function emptyPriceBooks(): PriceBooks {
  const none = emptyPriceBook();
  const catalogue: PriceCatalogue = { versions: [], aliases: [], plans: [], uplifts: [] };
  return { booksFor: () => ({ provider_cost: none, tenant_charge: none }), vendor: none, catalogue, versions: [] };
}

function withLookup(
  vendor: PriceBook,
  priced: (version: PriceVersion, atMs: number) => PriceVersion,
  own?: PriceBook,
): PriceBook {
  const lookup = (model: string, meter: Meter, atMs: number): PriceVersion | null => {
    const agreed = own?.lookup(model, meter, atMs) ?? null;
    if (agreed !== null) return agreed;
    const version = vendor.lookup(model, meter, atMs);
    return version === null ? null : priced(version, atMs);
  };
  return { ...vendor, lookup };
}

interface Terms {
  uplifted(version: PriceVersion, usage: PricedUsage, atMs: number): PriceVersion;
  charged(version: PriceVersion, usage: PricedUsage, atMs: number): PriceVersion;
}

function termsOf({ plans, uplifts }: PriceCatalogue, resolve: ResolveModel): Terms {
  const plansByTenant = groupBy(plans, ({ tenantId }) => tenantId);
  const upliftsByScope = groupBy(uplifts, ({ scope }) => scope);

  const upliftsFor = (version: PriceVersion, { tenantId, poolId }: PricedUsage, atMs: number): PriceUplift[] => {
    const byName = new Map<string, PriceUplift>();
    for (const scope of [`pool:${poolId}`, `tenant:${tenantId}`]) {
      for (const [name, rows] of groupBy(upliftsByScope.get(scope) ?? [], (uplift) => uplift.name)) {
        const uplift = inForce(rows, atMs);
        if (uplift !== null && holdsFor(uplift, version.model, atMs)) byName.set(name, uplift);
      }
    }
    return [...byName.values()].filter(({ upliftBps }) => upliftBps !== 0);
  };
  const holdsFor = ({ models }: PriceUplift, priced: string, atMs: number): boolean =>
    models.length === 0 || models.some((model) => resolve(model, atMs) === priced);

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

function foreignModels({ versions, aliases }: PriceCatalogue, vendorModels: ReadonlySet<string>): string[] {
  const foreign = versions.filter(({ book, model }) => book !== 'vendor' && !vendorModels.has(model));
  return foreign.map((version) => {
    const alias = aliases.find((each) => each.alias === version.model);
    const advice = alias ? `is another name of ${alias.model}; price that` : 'has no vendor price; import that first';
    return `${describeVersion(version)}: ${version.model} ${advice}`;
  });
}

function unknownModels({ uplifts, aliases }: PriceCatalogue, vendorModels: ReadonlySet<string>): string[] {
  const known = new Set([...vendorModels, ...aliases.map(({ alias }) => alias)]);
  return uplifts.flatMap(({ name, scope, models }) =>
    models
      .filter((model) => !known.has(model))
      .map((model) => `uplift ${name} for ${scope}: ${model} has no vendor price; import that first, or name another`),
  );
}

function shelfKey(book: PriceBookName, tier: string): string {
  // Tiers have no spaces and books neither.
  return `${book} ${tier}`;
}

function groupBy<T>(rows: readonly T[], keyOf: (row: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group === undefined) groups.set(keyOf(row), [row]);
    else group.push(row);
  }
  return groups;
}
