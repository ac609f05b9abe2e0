// How the values of flags are read. What a value may be is for the services to say; here is only how it is written.
import { parseId, type ApiKeyId } from '@trunkline/kernel';
import { InvalidArgumentError } from 'commander';

/**
 * What takes a value away. A flag cannot be read as null at once: commander takes null for "nothing was read" and makes
 * an empty text of it. So the word is kept, and `orNull` turns it when the request is made.
 */
export type OrNone<T> = T | 'none';

const MS: Readonly<Record<string, number>> = { '': 1, ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** A number. What is none is passed on as NaN, for the service's own message; so is an empty text, which is not 0. */
export function numberOf(text: string): number {
  return text.trim() === '' ? Number.NaN : Number(text);
}

/** A number, or `none`. */
export function numberOrNone(text: string): OrNone<number> {
  return text === 'none' ? 'none' : numberOf(text);
}

/** Null for `none`, and undefined where nothing was said. */
export function orNull<T>(value: OrNone<T>): T | null;
export function orNull<T>(value: OrNone<T> | undefined): T | null | undefined;
export function orNull<T>(value: OrNone<T> | undefined): T | null | undefined {
  return value === 'none' ? null : value;
}

/** Items between commas. */
export function listOf(text: string): string[] {
  return text.split(',').map((item) => item.trim());
}

/** Items between commas, or `none`. */
export function listOrNone(text: string): OrNone<string[]> {
  return text === 'none' ? 'none' : listOf(text);
}

/** The id of a key, as `key list` shows it. */
export function keyIdOf(text: string): ApiKeyId {
  const id = parseId('key', text);
  if (id === null) throw new Error(`${text} is no key id: see \`key list\``);
  return id;
}

/** A date and time in ISO 8601. */
export function timeOf(text: string): Date {
  return new Date(text);
}

/** `500ms`, `10s`, `5m`, `1h`, or milliseconds as they are: milliseconds. */
export function durationOf(text: string): number {
  const [, number, unit = ''] = /^(\d{1,9})(ms|s|m|h)?$/.exec(text.trim()) ?? [];
  const ms = MS[unit];
  if (number === undefined || ms === undefined)
    throw new InvalidArgumentError('Write a duration such as 500ms, 10s, 5m or 1h, or a number of milliseconds.');
  return Number(number) * ms;
}

/** A duration, or `none`. */
export function durationOrNone(text: string): OrNone<number> {
  return text === 'none' ? 'none' : durationOf(text);
}

/** A flag that may be repeated, `name=value` each time; `name=none` for null. */
export function pairsOf<Value>(read: (text: string) => Value, example: string) {
  return (text: string, before: Pairs<Value> = {}): Pairs<Value> => {
    const [, name, value] = /^([^=]+)=(.+)$/.exec(text) ?? [];
    if (name === undefined || value === undefined)
      throw new InvalidArgumentError(`Write it as ${example}, or with =none to remove it.`);
    return { ...before, [name.trim()]: value === 'none' ? null : read(value) };
  };
}

/** Values by name; null removes one. */
export type Pairs<Value> = Readonly<Record<string, Value | null>>;
