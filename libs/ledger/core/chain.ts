// The hash chain over the rows of a tenant's period. Each link is sha256 over the link before and the text of a row with
// all its entries and lines, so a row that is changed, removed, added or moved breaks every link after it. The text of a
// row never changes its form: what is booked has to verify for ever (a new form gets a new name in its first part).
// Assigning links under a lock, and reading rows back, is for the adapter.
import { hash } from 'node:crypto';
import type { Period } from './period.js';

/** A row of the books with everything that its link covers. Amounts are plain decimals without trailing zeros. */
export interface BookedRow {
  readonly tenantId: string;
  readonly period: Period;
  /** From 1, without a gap. */
  readonly sequence: bigint;
  readonly id: string;
  readonly kind: string;
  readonly revision: number;
  readonly purpose: string;
  readonly usageEventId: string | null;
  readonly correctsId: string | null;
  readonly sessionId: string | null;
  readonly keyId: string | null;
  readonly poolId: string | null;
  readonly model: string | null;
  readonly evidence: string | null;
  readonly occurredAtMs: number;
  readonly usagePeriod: Period;
  readonly currency: string;
  readonly total: string;
  readonly reason: string | null;
  readonly actor: string | null;
  readonly postedAtMs: number;
  readonly entries: readonly { readonly accountId: string; readonly amount: string }[];
  readonly lines: readonly {
    readonly meter: string;
    readonly quantity: string;
    readonly priceVersionId: string;
    readonly amount: string;
  }[];
}

/** Where a chain stands: how many rows it has, and its last link. */
export interface ChainHead {
  readonly sequence: bigint;
  readonly hash: string;
}

const FORM = 'trunkline-ledger-1';

/** The head of a chain without rows. */
export const EMPTY_CHAIN: ChainHead = { sequence: 0n, hash: '0'.repeat(64) };

/** The link of a row that follows this one. Hexadecimal, 64 characters. */
export function linkAfter(previousHash: string, row: BookedRow): string {
  return hash('sha256', previousHash + textOf(row), 'hex');
}

/** Where and why a chain breaks. */
export interface ChainBreak {
  readonly sequence: bigint;
  /** The row there; null when it is missing. */
  readonly id: string | null;
  readonly why: string;
}

/** Follows a chain row by row. One for each (tenant, period); give it the rows in order. */
export class ChainWalk {
  private at: ChainHead;

  constructor(from: ChainHead = EMPTY_CHAIN) {
    this.at = from;
  }

  /** Takes the next row with its stored link. @returns null when it fits. */
  step(row: BookedRow, storedHash: string): ChainBreak | null {
    const expected = this.at.sequence + 1n;
    if (row.sequence !== expected) {
      const why = `row ${expected} is missing: ${row.id} is number ${row.sequence}`;
      return { sequence: expected, id: null, why };
    }
    const link = linkAfter(this.at.hash, row);
    if (link !== storedHash)
      return { sequence: row.sequence, id: row.id, why: `its hash is ${storedHash}, what it says hashes to ${link}` };
    this.at = { sequence: row.sequence, hash: link };
    return null;
  }

  /** Ends at the head that was recorded elsewhere. @returns null when that is where the rows end. */
  end(recorded: ChainHead): ChainBreak | null {
    if (recorded.sequence === this.at.sequence && recorded.hash === this.at.hash) return null;
    const why = `the chain was recorded to end at number ${recorded.sequence} with ${recorded.hash}`;
    return { sequence: this.at.sequence + 1n, id: null, why: `${why}, its rows end at number ${this.at.sequence}` };
  }

  /** How far it has come. */
  get head(): ChainHead {
    return this.at;
  }
}

// Each part with its length in bytes before it: no two rows share a text.
function textOf(row: BookedRow): string {
  const { entries, lines } = row;
  const head = [
    ...[FORM, row.tenantId, row.period, String(row.sequence), row.id, row.kind, String(row.revision), row.purpose],
    ...[row.usageEventId, row.correctsId, row.sessionId, row.keyId, row.poolId, row.model, row.evidence],
    ...[String(row.occurredAtMs), row.usagePeriod, row.currency, row.total, row.reason, row.actor],
    String(row.postedAtMs),
  ];
  const entryParts = sortedBy(entries, (each) => each.accountId).flatMap((each) => [each.accountId, each.amount]);
  const lineParts = sortedBy(lines, (each) => each.meter).flatMap((each) => [
    ...[each.meter, each.quantity, each.priceVersionId, each.amount],
  ]);
  return `${joined(head)}${entries.length}e${joined(entryParts)}${lines.length}l${joined(lineParts)}`;
}

function joined(parts: readonly (string | null)[]): string {
  return parts.map((part) => (part === null ? '-' : `${Buffer.byteLength(part)}:${part}`)).join('');
}

function sortedBy<T>(items: readonly T[], key: (item: T) => string): readonly T[] {
  return [...items].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}
