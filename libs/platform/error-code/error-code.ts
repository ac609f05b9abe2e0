/**
 * The `code` of an error that Node or a driver threw (`ENOENT`, `EADDRINUSE`), or null. Decide by it and never by words.
 * Looks at the shape and not at the class: errors from another realm (a worker, a test's sandbox) are no `instanceof`.
 */
export function errorCodeOf(error: unknown): string | null {
  if (typeof error !== 'object' || error === null || !('code' in error)) return null;
  return typeof error.code === 'string' ? error.code : null;
}
