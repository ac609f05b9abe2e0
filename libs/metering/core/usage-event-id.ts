// The id of a usage event: what makes billing exactly once. It is derived from the fact itself, so whoever saw the fact
// (relay, sideband, replay after a crash) and however often, the id is the same and the journal keeps one row.
// Nothing else in the system may make a UsageEventId.
import { createHash } from 'node:crypto';
import { base32, type SessionId, type UsageEventId } from '@trunkline/kernel';
import type { UsageKind } from './meters.js';

const PREFIX = 'use_';
// 26 characters are 130 bits of SHA-256: two facts collide once in about 2^65 events.
const HASH_CHARS = 26;
const SHAPE = /^use_[0-9a-hjkmnp-tv-z]{26}$/;

/** What names a usage fact, everywhere and for ever. */
export interface UsageFact {
  readonly sessionId: SessionId;
  /** The vendor's response id or item id. */
  readonly vendorObjectId: string;
  readonly kind: UsageKind;
  /** Ours, not the vendor's: an estimate of the fact has an id of its own. Absent for the vendor's report. */
  readonly derivation?: 'estimated';
}

/**
 * The id of a fact, e.g. `use_0f3k…`. Each part is hashed behind its own length, so no two different facts share their
 * input (joined text would: `a` + `bc` is `ab` + `c`). UTF-16 keeps even ill-formed vendor text apart.
 */
export function usageEventId(fact: UsageFact): UsageEventId {
  const hash = createHash('sha256');
  for (const part of [fact.sessionId, fact.vendorObjectId, fact.kind, ...(fact.derivation ? [fact.derivation] : [])]) {
    const bytes = Buffer.from(part, 'utf16le');
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    hash.update(length).update(bytes);
  }
  return (PREFIX + base32(hash.digest()).slice(0, HASH_CHARS)) as UsageEventId;
}

/** Reads a usage event id; null when the text has another shape. */
export function parseUsageEventId(text: string): UsageEventId | null {
  return SHAPE.test(text) ? (text as UsageEventId) : null;
}
