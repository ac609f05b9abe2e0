// Reading JSON of either side: what has another shape than expected is nothing, never an error.

/** An object of unknown fields. */
export type Json = Record<string, unknown>;

/** The object that a payload is; null when it is none. */
export function parseObject(payload: Buffer): Json | null {
  try {
    return asObject(JSON.parse(payload.toString('utf8')));
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

// What no parser takes for an event.
const NO_EVENT = Buffer.from('{');

/**
 * A client's event as whoever reads it must read it: no key comes twice, so that there is no choice of first or last. What is
 * no object that can be read here, but perhaps elsewhere (`NaN`, a byte order mark), becomes what is none anywhere: the
 * vendor answers it as it answers all bad JSON.
 */
export function plainEvent(payload: Buffer): Buffer {
  const event = parseObject(payload);
  if (event === null) return NO_EVENT;
  const plain = Buffer.from(JSON.stringify(event));
  return plain.equals(payload) ? payload : plain;
}

/** A value as an object; null when it is none. */
export function asObject(value: unknown): Json | null {
  return isObject(value) ? value : null;
}

/** A value as a list; empty when it is none. */
export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A value as a text; null when it is none. */
export function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
