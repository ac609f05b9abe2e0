// How the values of flags are read. What a value may be is for the services to say; here is only how it is written, and that
// whoever typed it hears of the flag and its unit: bounds are the services', words are ours.
import { parseAmount, parseId, ZERO, type ApiKeyId } from '@trunkline/kernel';
import { InvalidArgumentError } from 'commander';

/**
 * What takes a value away. A flag cannot be read as null at once: commander takes null for "nothing was read" and makes
 * an empty text of it. So the word is kept, and `orNull` turns it when the request is made.
 */
export type OrNone<T> = T | 'none';

const UNITS = [
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const;
const MS: Readonly<Record<string, number>> = { '': 1, ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** What a number may be, both ends included. */
export interface Bounds {
  readonly min: number;
  readonly max: number;
}

/** A whole number within bounds. */
export function wholeIn(bounds: Bounds): (text: string) => number {
  return (text) => {
    const number = numberOf(text);
    if (isIn(bounds, number)) return number;
    throw new InvalidArgumentError(`Write a whole number from ${bounds.min} to ${bounds.max}.`);
  };
}

/** The same, or `none`. */
export function wholeInOrNone(bounds: Bounds): (text: string) => OrNone<number> {
  return (text) => {
    const number = numberOrNone(text);
    if (number === 'none' || isIn(bounds, number)) return number;
    throw new InvalidArgumentError(`Write a whole number from ${bounds.min} to ${bounds.max}, or none.`);
  };
}

/** A duration within bounds, which are milliseconds; so is what is read. */
export function durationIn(bounds: Bounds): (text: string) => number {
  return (text) => {
    const ms = durationOf(text);
    if (isIn(bounds, ms)) return ms;
    throw new InvalidArgumentError(`Write a duration from ${durationText(bounds.min)} to ${durationText(bounds.max)}.`);
  };
}

/** The same, or `none`. */
export function durationInOrNone(bounds: Bounds): (text: string) => OrNone<number> {
  const read = durationIn(bounds);
  return (text) => (text === 'none' ? 'none' : read(text));
}

/** US dollars above nothing, as text, for the service to read; or `none`. */
export function dollarsOrNone(text: string): string {
  const amount = text === 'none' ? null : parseAmount(text);
  if (text === 'none' || (amount !== null && amount > ZERO)) return text;
  throw new InvalidArgumentError('Write US dollars above 0 as a decimal, such as 5 or 0.25, or none.');
}

/** Milliseconds as one would type them: `0`, `500ms`, `10s`, `2m`, `24h`. */
export function durationText(ms: number): string {
  if (ms === 0) return '0';
  const [unit, length] = UNITS.find(([, each]) => ms % each === 0) ?? ['ms', 1];
  return `${ms / length}${unit}`;
}

/** Bounds in words, for help. */
export function rangeText({ min, max }: Bounds, written: (value: number) => string = String): string {
  return `${written(min)} to ${written(max)}`;
}

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
  const time = new Date(text);
  if (!Number.isNaN(time.getTime())) return time;
  throw new InvalidArgumentError('Write a date and time in ISO 8601, such as 2026-12-31T23:59:59Z.');
}

/** A day of the calendar, as it is written. */
export function dayOf(text: string): string {
  const time = new Date(`${text}T00:00:00Z`);
  if (!Number.isNaN(time.getTime()) && time.toISOString().slice(0, 10) === text) return text;
  throw new InvalidArgumentError('Write a day such as 2026-11-01.');
}

/** `500ms`, `10s`, `5m`, `1h`, or milliseconds as they are: milliseconds. */
export function durationOf(text: string): number {
  const [, number, unit = ''] = /^(\d{1,9})(ms|s|m|h)?$/.exec(text.trim()) ?? [];
  const ms = MS[unit];
  if (number === undefined || ms === undefined)
    throw new InvalidArgumentError('Write a duration such as 500ms, 10s, 5m or 1h.');
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

function isIn({ min, max }: Bounds, value: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max;
}
