// Reads what the database said out of the errors that Prisma, its adapter and the driver throw, so that callers decide
// by SQLSTATE and never by words.
import { z } from 'zod';

const WithCode = z.object({ code: z.string() });
const WithCause = z.object({ cause: z.unknown() });
const WithErrors = z.object({ errors: z.array(z.unknown()) });
const WithAdapterError = z.object({ meta: z.object({ driverAdapterError: z.object({ cause: z.unknown() }) }) });
const WithKind = z.object({ kind: z.string() });
const AdapterCause = z.object({ originalCode: z.string() });

// Prisma's own codes (P1001) and Node's (ECONNREFUSED) are never five characters of this shape.
const SQLSTATE = /^(?!P1|P2)[0-9A-Z]{5}$/;
const DEPTH_MAX = 6;

/** The five-character SQLSTATE (`23505`: unique violation) behind an error of any layer, or null when there is none. */
export function sqlStateOf(error: unknown): string | null {
  return firstCode(error, (code) => SQLSTATE.test(code));
}

/** SQLSTATE or Node error code (`ECONNREFUSED`) behind an error of any layer; null when neither is there. */
export function connectCodeOf(error: unknown): string | null {
  return firstCode(error, (code) => SQLSTATE.test(code) || /^E[A-Z_]{3,}$/.test(code));
}

/** True when a row with the same unique key exists. */
export function isUniqueViolation(error: unknown): boolean {
  return sqlStateOf(error) === '23505';
}

/** True when the transaction lost against another one and can be run again as it is. */
export function isSerialisationFailure(error: unknown): boolean {
  const state = sqlStateOf(error);
  return state === '40001' || state === '40P01' || prismaCodeOf(error) === 'P2034';
}

// Prisma: cannot reach (P1001), timed out (P1002), server closed the connection (P1017), no free connection (P2024),
// transaction could not start in time (P2028).
const PRISMA_UNAVAILABLE = new Set(['P1001', 'P1002', 'P1017', 'P2024', 'P2028']);

// What the adapter calls a broken or refused connection, where it keeps no code.
const ADAPTER_UNAVAILABLE = new Set([
  'DatabaseNotReachable',
  'SocketTimeout',
  'ConnectionClosed',
  'TooManyConnections',
]);

// The driver gives its own timeouts and lost connections no code at all, so these alone are told by their words; a test
// provokes each of them, to notice when a version changes them.
const DRIVER_UNAVAILABLE = new Set([
  'timeout exceeded when trying to connect',
  'timeout expired',
  'Connection terminated due to connection timeout',
  'Connection terminated unexpectedly',
  'Client has encountered a connection error and is not queryable',
]);

/** True when the server is away, starting, stopping or full: the same work may succeed later. */
export function isDatabaseUnavailable(error: unknown): boolean {
  const code = connectCodeOf(error);
  if (code !== null) return code.startsWith('E') || /^(08...|57P0.|53...)$/.test(code);
  const prismaCode = prismaCodeOf(error);
  if (prismaCode !== null && PRISMA_UNAVAILABLE.has(prismaCode)) return true;
  return layersOf(error).some((layer) => {
    const kind = WithKind.safeParse(layer).data?.kind;
    if (kind !== undefined) return ADAPTER_UNAVAILABLE.has(kind);
    return layer instanceof Error && DRIVER_UNAVAILABLE.has(layer.message);
  });
}

function prismaCodeOf(error: unknown): string | null {
  return firstCode(error, (code) => /^P[12]\d{3}$/.test(code));
}

function firstCode(error: unknown, wanted: (code: string) => boolean): string | null {
  for (const layer of layersOf(error))
    for (const code of [AdapterCause.safeParse(layer).data?.originalCode, WithCode.safeParse(layer).data?.code])
      if (code !== undefined && wanted(code)) return code;
  return null;
}

// The error and everything it wraps, outermost first: `cause` chains, Prisma's `meta`, and the attempts of a connect.
function layersOf(error: unknown, depth = 0): unknown[] {
  if (depth > DEPTH_MAX || error === undefined || error === null) return [];
  const inner = [
    WithAdapterError.safeParse(error).data?.meta.driverAdapterError.cause,
    WithCause.safeParse(error).data?.cause,
    ...(WithErrors.safeParse(error).data?.errors ?? []),
  ];
  return [error, ...inner.flatMap((each) => layersOf(each, depth + 1))];
}
