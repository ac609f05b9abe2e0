// Compares an event with its counterpart in a golden trace. The same: keys, JSON types, fixed words (types, statuses,
// codes, ...) and messages with their figures and ids taken out. Allowed to differ: ids, texts, figures, obfuscation.
import { parseEvent, type WireEvent } from './client.js';

/** Fields whose strings must be equal, not only be strings. */
const FIXED = new Set([
  'type',
  'status',
  'role',
  'object',
  'code',
  'reason',
  'param',
  'model',
  'name',
  'voice',
  'tool_choice',
  'truncation',
  'eagerness',
  'topic',
  'client_event_id',
  'language',
]);

/** Fields that may be null or not, by path. Traces start with other defaults (turn detection), and lose values. */
const NULLABLE = [/turn_detection$/];

/** Lists whose length is chance; their elements all have one shape. */
const LISTS = [/logprobs$/, /bytes$/];

/** The comparable form of a value. */
export function shapeOf(value: unknown, path = ''): unknown {
  if (NULLABLE.some((pattern) => pattern.test(path))) return 'nullable';
  if (Array.isArray(value) && LISTS.some((pattern) => pattern.test(path))) return [shapeOf(value[0], path)];
  if (Array.isArray(value)) return value.map((each) => shapeOf(each, path));
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).sort(([a], [b]) => a.localeCompare(b));
    return Object.fromEntries(entries.map(([key, inner]) => [key, shapeOf(inner, `${path}.${key}`)]));
  }
  const field = path.split('.').at(-1) ?? '';
  if (typeof value === 'string') {
    if (FIXED.has(field)) return value;
    return field === 'message' ? withoutFigures(value) : 'string';
  }
  // "inf" in the trace, the number asked for on the wire: see README.md.
  if (field === 'max_output_tokens') return 'string';
  return value === null ? 'null' : typeof value;
}

/** A message without its ids, figures and waiting times. */
function withoutFigures(message: string): string {
  return message
    .replace(/\b(resp|item|event)_\w+/g, '<id>')
    .replace(/(\d+m)?\d+(\.\d+)?s\b/g, '<time>')
    .replace(/\d+(\.\d+)?/g, '<n>');
}

/** Collects which id of the trace stands for which id on the wire, field by field. */
export function pairIds(traced: unknown, seen: unknown, ids: Map<string, string>): void {
  if (typeof traced === 'string' && typeof seen === 'string') {
    if (/^(item|resp|conv|call|sess)_/.test(traced)) ids.set(traced, seen);
    return;
  }
  if (typeof traced !== 'object' || traced === null || typeof seen !== 'object' || seen === null) return;
  const fields = new Map<string, unknown>(Object.entries(seen));
  for (const [key, inner] of Object.entries(traced)) pairIds(inner, fields.get(key), ids);
}

/** The event with the trace's ids replaced by those on the wire. */
export function withIds(event: WireEvent, ids: ReadonlyMap<string, string>): WireEvent {
  const text = JSON.stringify(event).replace(/"((item|resp|conv|call|sess)_\w+)"/g, (whole, id: string) => {
    const known = ids.get(id);
    return known === undefined ? whole : JSON.stringify(known);
  });
  return parseEvent(text);
}
