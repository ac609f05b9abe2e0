// What a file says against what is there, field by field. Only fields that the file names are looked at.
import { formatAmount, type AmountPico } from '@trunkline/kernel';
import { isDeepStrictEqual } from 'node:util';

/** A field that is not as the file says. */
export interface Difference {
  readonly field: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** What was done, or would be, to one thing. */
export interface ConfigChange {
  readonly action: 'create' | 'change' | 'archive' | 'revoke' | 'remove' | 'drain';
  readonly what: string;
  readonly differences: readonly Difference[];
}

type Fields = Readonly<Record<string, unknown>>;

/** Fields of `named` that differ in `current`; an object within is looked at field by field too. */
export function differencesOf(named: Fields, current: Fields, prefix = ''): readonly Difference[] {
  return Object.entries(named).flatMap(([name, wanted]): readonly Difference[] => {
    if (wanted === undefined) return [];
    const [after, before] = [plain(wanted), plain(current[name] ?? null)];
    const field = `${prefix}${name}`;
    if (isFields(after)) return differencesOf(after, isFields(before) ? before : {}, `${field}.`);
    return isDeepStrictEqual(after, before) ? [] : [{ field, before, after }];
  });
}

/** As a diff: `+` made, `~` changed, `-` put away. */
export function diffText(changes: readonly ConfigChange[]): string {
  const signs = { create: '+', change: '~', archive: '-', revoke: '-', remove: '-', drain: '-' } as const;
  return changes
    .flatMap(({ action, what, differences }) => [
      `${signs[action]} ${action} ${what}`,
      ...differences.map(({ field, before, after }) =>
        action === 'create' ? `    ${field}: ${shown(after)}` : `    ${field}: ${shown(before)} -> ${shown(after)}`,
      ),
    ])
    .map((line) => `${line}\n`)
    .join('');
}

function shown(value: unknown): string {
  return JSON.stringify(value) ?? 'none';
}

// Maps as objects, amounts as decimals, lists of names in order: what means the same is the same.
function plain(value: unknown): unknown {
  if (value instanceof Map) return Object.fromEntries(value);
  if (isAmount(value)) return formatAmount(value);
  return Array.isArray(value) ? value.toSorted() : value;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isAmount(value: unknown): value is AmountPico {
  return typeof value === 'bigint';
}
