// Entries of the record as they leave it: JSON for programs, CSV for spreadsheets. The hash goes along, so that a copy can be held
// against the record later.
import { startsLikeFormula } from '@trunkline/kernel';
import { canonical, type AuditEntry } from './audit-entry.js';

type Hashed = AuditEntry & { readonly hash: string };

const COLUMNS = [
  ...(['sequence', 'id', 'at', 'actor_kind', 'actor_id', 'actor_name', 'action', 'object_kind', 'object_id'] as const),
  ...(['tenant_id', 'before', 'after', 'ip', 'user_agent', 'request_id', 'hash'] as const),
];

/** An entry as plain JSON. */
export function auditJson({ sequence, atMs, ...entry }: Hashed) {
  return { sequence: sequence.toString(), at: new Date(atMs).toISOString(), ...entry };
}

/** Entries as CSV that any spreadsheet may open: what it would run begins with an apostrophe. */
export function auditCsv(entries: readonly Hashed[], withHeader: boolean): string {
  const rows = entries.map(({ sequence, id, atMs, actor, action, object, tenantId, before, after, origin, hash }) => [
    ...[sequence.toString(), id, new Date(atMs).toISOString(), actor.kind, actor.id, actor.name, action],
    ...[object.kind, object.id, tenantId ?? '', canonical(before), canonical(after)],
    ...[origin.ip ?? '', origin.userAgent ?? '', origin.requestId ?? '', hash],
  ]);
  return [...(withHeader ? [COLUMNS] : []), ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

function cell(text: string): string {
  return `"${(startsLikeFormula(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
}
