// What the record of changes holds, and how its entries are chained: each hash is over the one before and the entry's text in
// one canonical form, so an entry that is changed, removed or moved breaks every hash after it. The form never changes: what
// was recorded has to verify for ever. Secrets are kept out here, by name, whatever is handed in.
import { hash } from 'node:crypto';
import { storableText } from '@trunkline/kernel';

/** A JSON value. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** Who did something. `terminal` is the command line, by the name that was given there. */
export interface AuditActor {
  readonly kind: 'member' | 'token' | 'operator' | 'terminal' | 'system';
  readonly id: string;
  readonly name: string;
}

/** From where; all null at a terminal. */
export interface AuditOrigin {
  readonly ip: string | null;
  readonly userAgent: string | null;
  readonly requestId: string | null;
}

/** A change, as it is handed to the recorder. */
export interface AuditRequest {
  readonly actor: AuditActor;
  readonly origin: AuditOrigin;
  /** The permission that was used, or the command. */
  readonly action: string;
  readonly object: { readonly kind: string; readonly id: string };
  readonly tenantId: string | null;
  readonly before: unknown;
  readonly after: unknown;
}

/** An entry of the record. */
export interface AuditEntry extends AuditRequest {
  readonly id: string;
  /** From 1, without a gap. */
  readonly sequence: bigint;
  readonly atMs: number;
  readonly before: Json;
  readonly after: Json;
}

/** Where the chain stands. */
export interface AuditHead {
  readonly sequence: bigint;
  readonly hash: string;
}

/** The head of a record without entries. */
export const EMPTY_AUDIT: AuditHead = { sequence: 0n, hash: '0'.repeat(64) };

const FORM = 'trunkline-audit-1';
// A list of thousands of prices belongs in its own table; the record says which.
const JSON_CHARS_MAX = 32_768;
const DEPTH_MAX = 12;
const SECRET = /^(secret|password|token|hmac|hash|upstream_?key|secret_?hash)$|sealed$/i;
const HIDDEN = '(not recorded)';

/** The hash of an entry that follows this one. Hexadecimal, 64 characters. */
export function auditLink(previousHash: string, entry: AuditEntry): string {
  const { id, sequence, atMs, actor, origin, action, object, tenantId, before, after } = entry;
  const text = canonical({
    ...{ id, sequence: sequence.toString(), at: new Date(atMs).toISOString() },
    ...{ actor: { ...actor }, origin: { ...origin }, action, object: { ...object }, tenantId, before, after },
  });
  return hash('sha256', `${FORM}\n${previousHash}\n${text}`, 'hex');
}

/** JSON with sorted names: one text for one value. */
export function canonical(value: Json): string {
  if (isList(value)) return `[${value.map(canonical).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(value[name] ?? null)}`).join(',')}}`;
}

/** What is kept of a value in the record: plain JSON without secrets, of bounded size. */
export function recordedJson(value: unknown): Json {
  const json = jsonOf(value);
  const text = canonical(json);
  if (text.length <= JSON_CHARS_MAX) return json;
  return { tooLong: text.length, sha256: hash('sha256', text, 'hex') };
}

function jsonOf(value: unknown, depth = 0): Json {
  if (typeof value === 'string') return storableText(value);
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Date) return value.toISOString();
  if (typeof value !== 'object' || value === null || depth > DEPTH_MAX) return null;
  if (Array.isArray(value)) return value.map((each: unknown) => jsonOf(each, depth + 1));
  const entries: [string, unknown][] = value instanceof Map ? [...value.entries()].map(named) : Object.entries(value);
  return Object.fromEntries(
    entries
      .filter(([, each]) => each !== undefined)
      .map(([name, each]) => [
        storableText(name),
        SECRET.test(name) && each !== null ? HIDDEN : jsonOf(each, depth + 1),
      ]),
  );
}

function named([key, value]: readonly [unknown, unknown]): [string, unknown] {
  return [String(key), value];
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

/** Where and why the record is not as it was written. */
export interface AuditBreak {
  readonly sequence: bigint;
  readonly why: string;
}

/** Follows the chain entry by entry, in order. */
export class AuditWalk {
  private at: AuditHead = EMPTY_AUDIT;

  /** Takes the next entry with its stored hash. @returns null when it fits. */
  step(entry: AuditEntry, storedHash: string): AuditBreak | null {
    const expected = this.at.sequence + 1n;
    if (entry.sequence !== expected)
      return { sequence: expected, why: `entry ${expected} is missing: ${entry.id} is number ${entry.sequence}` };
    const link = auditLink(this.at.hash, entry);
    if (link !== storedHash) return { sequence: expected, why: `${entry.id} is not as it was recorded` };
    this.at = { sequence: expected, hash: link };
    return null;
  }

  /** Ends at the head that is kept apart. @returns null when that is where the entries end. */
  end(recorded: AuditHead): AuditBreak | null {
    if (recorded.sequence === this.at.sequence && recorded.hash === this.at.hash) return null;
    return { sequence: this.at.sequence + 1n, why: `the record was said to end at number ${recorded.sequence}` };
  }
}
