// The Lua scripts and how they are run: by hash, and by text the first time a server sees one. Each file is one atomic
// step; its name ends in the number of its keys. Found beside this module, in the sources and in the build alike.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** A script ready to run. */
export interface Script {
  readonly source: string;
  readonly sha1: string;
}

/** The commands used; `Redis` and `Cluster` of ioredis fit. `connectLeaseRedis` configures one. */
export interface LeaseRedis {
  hgetall(key: string): Promise<Record<string, string>>;
  evalsha(sha1: string, keys: number, ...args: (string | number)[]): Promise<unknown>;
  eval(source: string, keys: number, ...args: (string | number)[]): Promise<unknown>;
}

/** Every step of the lease store. */
export type ScriptName = 'open' | 'acquire' | 'confirm' | 'renew' | 'reregister' | 'release' | 'list';

const FILES: Readonly<Record<ScriptName, string>> = {
  open: 'open-1.lua',
  acquire: 'acquire-5.lua',
  confirm: 'confirm-5.lua',
  renew: 'renew-n.lua',
  reregister: 'reregister-5.lua',
  release: 'release-4.lua',
  list: 'list-1.lua',
};

/**
 * Reads all scripts, once per store.
 * @throws when a file is missing: the build did not copy the assets.
 */
export function loadScripts(): Readonly<Record<ScriptName, Script>> {
  const prelude = read('prelude.lua');
  const load = (name: ScriptName): Script => {
    const source = `${prelude}\n${read(FILES[name])}`;
    return { source, sha1: createHash('sha1').update(source).digest('hex') };
  };
  return {
    open: load('open'),
    acquire: load('acquire'),
    confirm: load('confirm'),
    renew: load('renew'),
    reregister: load('reregister'),
    release: load('release'),
    list: load('list'),
  };
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
