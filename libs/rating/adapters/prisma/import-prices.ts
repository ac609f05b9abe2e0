// Imports prices: adds what is new, leaves what is there, refuses a list as a whole when any of it contradicts a stored
// price or another row. Importing the same list again does nothing. It is a change that whoever imports it approves by
// asking for it, and is recorded as that. Rating the usage that waited for these prices is for the ledger, which sees the
// new revision by itself.
import { randomBytes } from 'node:crypto';
import { err, mintId, ok, systemClock, type Result } from '@trunkline/kernel';
import type { Database } from '@trunkline/platform/database';
import { applyChange, countOf, NO_PRICES, type PriceList } from '@trunkline/rating';
import { insertChange, insertContent, insertDecision } from './change-rows.js';
import { selectCatalogue } from './load-price-book.js';
import { changingPrices } from './price-changes.js';

/** What an import did. */
export interface PriceImport {
  readonly versionsAdded: number;
  readonly versionsKept: number;
  readonly aliasesAdded: number;
}

/** Who imports and why, for the record. */
export interface ImportedBy {
  readonly actor: string;
  readonly reason: string;
}

const INSTALLER: ImportedBy = { actor: 'installer', reason: 'price sheets that came with the release' };

/** Imports a list in one transaction. @returns what was added, or every contradiction, each naming its rows. */
export async function importPrices(
  db: Database,
  list: PriceList,
  { actor, reason }: ImportedBy = INSTALLER,
): Promise<Result<PriceImport, readonly string[]>> {
  return changingPrices(db, async (tx) => {
    const nowMs = systemClock.nowMs();
    const wanted = { ...NO_PRICES, versions: list.versions, aliases: list.aliases };
    const rules = { mayStartInPast: true, mayCorrect: false, nowMs };
    const applied = applyChange(await selectCatalogue(tx), wanted, rules);
    if (!applied.ok) return err(applied.error);
    const { added } = applied.value;
    if (countOf(added) > 0) {
      const id = mintId('pch', nowMs, randomBytes);
      await insertChange(tx, { id, author: actor, authoredAtMs: nowMs, reason, correction: false, content: added });
      const decision = { outcome: 'approved', actor, decidedAtMs: nowMs, reason: null, singlePerson: true } as const;
      await insertDecision(tx, id, decision);
      await insertContent(tx, added, id);
    }
    return ok({
      versionsAdded: added.versions.length,
      versionsKept: list.versions.length - added.versions.length,
      aliasesAdded: added.aliases.length,
    });
  });
}
