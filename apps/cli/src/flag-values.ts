// How the values of flags are read. What a value may be is for the services to say; here is only how it is written.

/** A number, or `none` for null. What is no number is passed on as NaN, for the service's own message. */
export function numberOrNone(text: string): number | null {
  return text === 'none' ? null : Number(text);
}

/** Items between commas. */
export function listOf(text: string): string[] {
  return text.split(',').map((item) => item.trim());
}

/** A date and time in ISO 8601. */
export function timeOf(text: string): Date {
  return new Date(text);
}
