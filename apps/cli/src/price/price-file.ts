// The file that `price draft` takes (docs/prices.md), with slugs of tenants and pools where they are known.
import { readFile } from 'node:fs/promises';
import type { Result } from '@trunkline/kernel';
import { parsePriceContent, withIdsForSlugs, type PriceCatalogue } from '@trunkline/rating';
import { listPools, listTenants, type TenancyContext } from '@trunkline/tenancy/adapters/prisma';

/** Its content, or what is wrong with it. @throws Error when it is not JSON, or cannot be read. */
export async function readPriceFile(
  tenancy: TenancyContext,
  file: string,
): Promise<Result<PriceCatalogue, readonly string[]>> {
  const raw = parsed(await textOf(file), file);
  const [tenants, pools] = [idsBySlug(await listTenants(tenancy)), idsBySlug(await listPools(tenancy))];
  return parsePriceContent(withIdsForSlugs(raw, { tenants, pools }));
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new Error(`${file} cannot be read: give the path of a file of prices (docs/prices.md)`, { cause });
  }
}

function parsed(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error(`${file} is not JSON: docs/prices.md shows what it looks like`, { cause });
  }
}

function idsBySlug(named: readonly { readonly id: string; readonly slug: string }[]): ReadonlyMap<string, string> {
  return new Map(named.map(({ id, slug }) => [slug, id]));
}
