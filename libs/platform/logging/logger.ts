// JSON logs. The message is a constant, everything variable stands in a field of a closed list, and what is not on the
// list is dropped: a payload, a transcript, a key or a query string cannot get into a log by being passed along.
// pino escapes control characters, so one event is one line whatever strangers send.
import { pino, type DestinationStream, type Logger as Pino } from 'pino';

/** The fields a log line may carry besides `ts`, `level` and `msg`. To log something new, name it here. */
const FIELDS = new Set([
  'event',
  'app',
  'pid',
  'request_id',
  'session_id',
  'tenant_id',
  'key_id',
  'pool_id',
  'replica_id',
  'code',
  'step',
  'end_cause',
  'close_code',
  'duration_ms',
  'count',
  'bytes',
  'name',
  'outcome',
  'ms',
  'reason',
  'detail',
  'port',
  'version',
  'held',
  'lost',
  'err',
]);
const TEXT_CHARS_MAX = 500;

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** Fields of one line; those that are not on the list are dropped. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where a part of the program logs. `message` is a constant text. */
export interface Log {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  /** The same log with fields on every line. */
  with(fields: LogFields): Log;
}

/** Opens the log of a process. Starts with `--json` keep standard output for their one line and log to standard error. */
export function openLog(level: LogLevel, stream: DestinationStream): Log {
  const sink = pino(
    {
      level,
      base: null,
      messageKey: 'msg',
      timestamp: () => `,"ts":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: describeError },
    },
    stream,
  );
  return logTo(sink, {});
}

// Not pino's own children: their fields are written without asking anybody.
function logTo(sink: Pino, always: Record<string, unknown>): Log {
  return {
    debug: (fields, message) => sink.debug({ ...always, ...listedFields(fields) }, message),
    info: (fields, message) => sink.info({ ...always, ...listedFields(fields) }, message),
    warn: (fields, message) => sink.warn({ ...always, ...listedFields(fields) }, message),
    error: (fields, message) => sink.error({ ...always, ...listedFields(fields) }, message),
    with: (fields) => logTo(sink, { ...always, ...listedFields(fields) }),
  };
}

function listedFields(fields: LogFields): Record<string, unknown> {
  const listed: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (FIELDS.has(name)) listed[name] = typeof value === 'string' ? value.slice(0, TEXT_CHARS_MAX) : value;
  }
  return listed;
}

// An error's own properties may hold anything (a request, a row); only what it is and where it rose is logged.
function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { type: typeof error };
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  const cause = error.cause === undefined ? {} : { cause: describeError(error.cause) };
  const frames = (error.stack ?? '').split('\n').filter((line) => line.startsWith('    at '));
  const message = error.message.slice(0, TEXT_CHARS_MAX);
  return { type: error.name, message, ...code, stack: frames.slice(0, 8).join('\n'), ...cause };
}
