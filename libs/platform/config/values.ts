// How settings are written: each parser turns one text into one value and says, when it cannot, what to write instead.
// None repeats the text it was given: it may be a secret that was put into the wrong place.
import { z } from 'zod';
import { readOutboundExceptions } from '../outbound/index.js';
import { parseRedisAddress, type RedisAddress } from './redis-address.js';

const BYTES: Readonly<Record<string, number>> = { b: 1, kib: 1024, mib: 1024 ** 2, gib: 1024 ** 3 };
const MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** A TCP port; 0 takes any free one. */
export const port = z
  .string()
  .regex(/^\d{1,5}$/, { error: 'must be a port number from 0 to 65535 (0 takes any free one)' })
  .transform(Number)
  .refine((value) => value <= 65_535, { error: 'must be a port number from 0 to 65535 (0 takes any free one)' });

/** A whole number from `min` to `max`. */
export const wholeNumber = (min: number, max: number) => {
  const error = `must be a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d{1,9}$/, { error })
    .transform(Number)
    .refine((value) => value >= min && value <= max, { error });
};

/** `16MiB`, `512KiB`, or plain bytes; at most `max` bytes. */
export const bytes = (max: number) =>
  quantity(/^(\d{1,12})(b|kib|mib|gib)?$/i, BYTES, 'b').pipe(
    z
      .number({ error: 'must be a size such as 512KiB, 16MiB or 1GiB' })
      .min(1, { error: 'must be more than nothing' })
      .max(max, { error: `must be at most ${max / 1024 ** 2}MiB` }),
  );

/** `500ms`, `20s`, `10m` or `1h`, as milliseconds. The unit must be there: 20 could be anything. */
export const duration = quantity(/^(\d{1,9})(ms|s|m|h)$/, MS, '').pipe(
  z
    .number({ error: 'must be a duration with its unit, such as 500ms, 20s, 10m or 1h' })
    // What a timer can hold; longer ones would fire at once.
    .max(2 ** 31 - 1, { error: 'must be less than 596h' }),
);

/** A duration, or `none` for no limit, which is null. */
export const durationOrNone = z.union([z.literal('none').transform(() => null), duration], {
  error: 'must be a duration with its unit, such as 20s, 10m or 1h, or the word none',
});

/** An `http:` or `https:` address without credentials, query or fragment, e.g. `https://api.openai.com/v1`. */
export const baseUrl = z
  .string()
  .refine(isBaseUrl, { error: 'must be an address such as https://api.openai.com/v1, without user, ? or #' })
  .transform((text) => text.replace(/\/+$/, ''));

/** An address with one of the schemes; it may hold a password. */
export const storeUrl = (schemes: readonly string[], example: string) =>
  z.string().refine((text) => URL.canParse(text) && schemes.includes(new URL(text).protocol), {
    error: `must be an address such as ${example}`,
  });

/** Where Redis is: one server, sentinels or a cluster. It may hold passwords. */
export const redisAddress = z.string().transform((text, context): RedisAddress => {
  const parsed = parseRedisAddress(text);
  if (parsed.kind !== 'wrong') return parsed;
  context.addIssue({ code: 'custom', message: parsed.problem });
  return z.NEVER;
});

/** Networks, hosts and origins that may be asked although they are inside. */
export const outboundExceptions = z.string().refine((text) => readOutboundExceptions(text).ok, {
  error: 'must be networks (10.20.0.0/16), hosts or origins (http://127.0.0.1:9000), with commas between',
});

/** A secret: one line without spaces. */
export const secret = z
  .string()
  .refine((text) => /^[\x21-\x7e]+$/.test(text), { error: 'must be one line of printable characters without spaces' });

/** An address that mail comes from, without a name. */
export const mailAddress = z.string().regex(/^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9][A-Za-z0-9.-]{0,252}$/, {
  error: 'must be an address such as trunkline@example.com',
});

/** A host name or address to listen on. */
export const host = z
  .string()
  .regex(/^[A-Za-z0-9.:_-]+$/, { error: 'must be an address of this machine, such as 127.0.0.1, 0.0.0.0 or ::' });

/** A path; what is there is looked at by who uses it. */
export const path = z.string().refine((text) => !text.includes('\0'), { error: 'must be a path' });

function quantity(shape: RegExp, units: Readonly<Record<string, number>>, unitByDefault: string) {
  return z.string().transform((text): number => {
    const [, number, unit] = shape.exec(text.trim()) ?? [];
    return Number(number) * (units[(unit ?? unitByDefault).toLowerCase()] ?? Number.NaN);
  });
}

function isBaseUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  const plain = url.search === '' && url.hash === '' && url.username === '' && url.password === '';
  return plain && (url.protocol === 'http:' || url.protocol === 'https:');
}
