// The Lua scripts and how they are run: by hash, and by text the first time a server sees one. Each step is one atomic
// file; its name ends in the number of its keys. Found beside this module, in the sources and in the build alike.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** A script ready to run. */
export interface Script {
  readonly source: string;
  readonly sha1: string;
}

/** The commands used; `Redis` and `Cluster` of ioredis fit. `connectLeaseRedis` configures one. */
export interface LeaseRedis {
  zrangebyscore(
    key: string,
    min: string,
    max: string,
    ...rest: ['WITHSCORES', 'LIMIT', number, number]
  ): Promise<string[]>;
  hscan(
    key: string,
    cursor: string,
    ...rest: ['MATCH', string, 'COUNT', number]
  ): Promise<[cursor: string, elements: string[]]>;
  zmscore(key: string, ...members: string[]): Promise<(string | null)[]>;
  hmget(key: string, ...fields: string[]): Promise<(string | null)[]>;
  evalsha(sha1: string, keys: number, ...args: (string | number)[]): Promise<unknown>;
  eval(source: string, keys: number, ...args: (string | number)[]): Promise<unknown>;
}

const STEPS = [
  'open',
  'acquire',
  'attend',
  'leave',
  'confirm',
  'renew',
  'reregister',
  'ending',
  'release',
  'pause',
  'used',
  'reclaim',
  'view',
  'moments',
] as const;

/** Every step of the lease store. */
export type ScriptName = (typeof STEPS)[number];

/**
 * Reads all scripts, once per store.
 * @param clock Lua that sets `now` (milliseconds); tests put their own clock in place of Redis's.
 * @throws when a file is missing: the build did not copy the assets.
 */
export function loadScripts(clock = read('clock.lua')): ReadonlyMap<ScriptName, Script> {
  const prelude = [clock, read('lines.lua'), read('room.lua')].join('\n');
  return new Map(
    STEPS.map((name) => {
      const source = `${prelude}\n${read(`${name}-11.lua`)}`;
      return [name, { source, sha1: createHash('sha1').update(source).digest('hex') }];
    }),
  );
}

/** Runs a script; after a restart or flush of the server's script cache, by sending its text again. */
export async function runScript(
  redis: LeaseRedis,
  script: Script,
  keys: readonly string[],
  args: readonly (string | number)[],
): Promise<unknown> {
  try {
    return await redis.evalsha(script.sha1, keys.length, ...keys, ...args);
  } catch (error) {
    if (!isUnknownScript(error)) throw error;
    return redis.eval(script.source, keys.length, ...keys, ...args);
  }
}

// The first word of an error reply is its code; Redis has no other.
function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT ');
}

function read(file: string): string {
  return readFileSync(new URL(`./${file}`, import.meta.url), 'utf8');
}
