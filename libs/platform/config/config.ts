// Settings put together: everything found, parsed and checked against each other, or every problem at once. Guarantees
// that a config which exists is usable as far as one can tell without touching the machine.
import { readFlags } from './flags.js';
import {
  ConfigSchema,
  SETTINGS,
  isSettingKey,
  SWITCHES,
  type SettingKey,
  type Settings,
  type Switch,
} from './settings.js';
import { findTexts, knownFlags, type ConfigInput, type FoundTexts } from './sources.js';

/** The settings in force. */
export interface Config extends Settings {
  /** That of the upstream unless it was given. */
  readonly usageUrl: string;
  /** `--json`. */
  readonly json: boolean;
}

/** A config, and what came with it. */
export interface LoadedConfig {
  readonly config: Config;
  readonly asked: ReadonlySet<Switch>;
  /** By which flag or variable each setting was given. */
  readonly origins: Readonly<Partial<Record<SettingKey, string>>>;
  /** For the log: misspelt names, risky combinations. */
  readonly warnings: readonly string[];
}

/** The settings are not usable; the message lists every problem, one a line, and no secret. */
export class ConfigRefused extends Error {
  override readonly name = 'ConfigRefused';
  constructor(readonly problems: readonly string[]) {
    super(`These settings cannot be used:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
  }
}

/**
 * Loads the settings from a command line and an environment.
 * @throws ConfigRefused with all problems.
 */
export function loadConfig(args: readonly string[], { env, readTextFile }: Omit<ConfigInput, 'flags'>): LoadedConfig {
  const flags = readFlags(args, knownFlags(), Object.keys(SWITCHES));
  const found = findTexts({ flags, env, readTextFile });
  const parsed = ConfigSchema.safeParse(found.texts);
  const problems = [...flags.problems, ...found.problems];
  if (!parsed.success) {
    for (const issue of parsed.error.issues) problems.push(`${nameOf(String(issue.path[0]), found)} ${issue.message}`);
    throw new ConfigRefused(problems);
  }
  problems.push(...contradictions(parsed.data, found));
  if (problems.length > 0) throw new ConfigRefused(problems);
  const config = { ...withUpstream(withSentinelPassword(parsed.data)), json: flags.switches.has('--json') };
  return {
    config,
    asked: new Set([...flags.switches].filter(isSwitch)),
    origins: found.origins,
    warnings: [...found.warnings, ...risks(config)],
  };
}

/** The address that a key alone stands for. */
export const OPENAI_URL = 'https://api.openai.com/v1';

function withUpstream(settings: Settings): Settings & { readonly usageUrl: string } {
  const upstreamUrl = settings.upstreamUrl ?? (settings.upstreamKey === null ? null : OPENAI_URL);
  return { ...settings, upstreamUrl, usageUrl: settings.usageUrl ?? upstreamUrl ?? OPENAI_URL };
}

function withSentinelPassword(settings: Settings): Settings {
  const { redis, redisSentinelPassword: password } = settings;
  if (redis?.kind !== 'sentinel' || password === null) return settings;
  return { ...settings, redis: { ...redis, sentinelLogin: { ...redis.sentinelLogin, password } } };
}

const S3_SETTINGS = ['exportS3Endpoint', 'exportS3KeyId', 'exportS3Secret'] as const;

// What one setting may not be because of another. Settings without a value are checked by who knows their default.
function contradictions(settings: Settings, found: FoundTexts): string[] {
  const name = (key: SettingKey): string => nameOf(key, found);
  const problems: string[] = [];
  const rising = (low: SettingKey, high: SettingKey): void => {
    const [a, b] = [settings[low], settings[high]];
    if (typeof a === 'number' && typeof b === 'number' && a > b)
      problems.push(`${name(low)} must not be more than ${name(high)}`);
  };
  rising('drainSoftMs', 'drainMaxMs');
  rising('lowWaterBytes', 'highWaterBytes');
  rising('highWaterBytes', 'hardCapBytes');
  rising('pingIntervalMs', 'deadPeerMs');
  if (settings.upstreamUrl !== null && settings.upstreamKey === null)
    problems.push(`${name('upstreamUrl')} needs a key as well: set ${SETTINGS.upstreamKey.env.join(' or ')}`);
  if (settings.upstreamCaFile !== null && settings.upstreamKey === null)
    problems.push(`${name('upstreamCaFile')} is for a real upstream: set ${SETTINGS.upstreamKey.env.join(' or ')}`);
  problems.push(...sentinelPasswordProblems(settings, name));
  if ((settings.tlsCertFile === null) !== (settings.tlsKeyFile === null))
    problems.push(`${SETTINGS.tlsCertFile.env[0]} and ${SETTINGS.tlsKeyFile.env[0]} belong together; set both or none`);
  const s3 = S3_SETTINGS.map((key) => settings[key]);
  if (s3.some((each) => each === null) && s3.some((each) => each !== null))
    problems.push(`${S3_SETTINGS.map((key) => SETTINGS[key].env[0]).join(', ')} belong together; set all or none`);
  problems.push(...mailProblems(settings, name));
  if (isOwnAddress(settings))
    problems.push(
      `${name('upstreamUrl')} is where this gateway listens; it is meant for apps. Give the upstream's own`,
    );
  return [...problems, ...samePorts(settings, name)];
}

function mailProblems({ smtpUrl, smtpFrom, smtpTls }: Settings, name: (key: SettingKey) => string): string[] {
  if ((smtpUrl === null) !== (smtpFrom === null))
    return [`${SETTINGS.smtpUrl.env[0]} and ${SETTINGS.smtpFrom.env[0]} belong together; set both or none`];
  if (smtpUrl === null || smtpTls === 'require') return [];
  const { protocol, password } = new URL(smtpUrl);
  return protocol === 'smtps:' || password === ''
    ? []
    : [`${name('smtpTls')} must be require where ${name('smtpUrl')} has a password, or anybody on the way reads it`];
}

function sentinelPasswordProblems(
  { redis, redisSentinelPassword }: Settings,
  name: (key: SettingKey) => string,
): string[] {
  if (redisSentinelPassword === null) return [];
  if (redis?.kind !== 'sentinel')
    return [`${name('redisSentinelPassword')} is for sentinels: set REDIS_URL to redis+sentinel://... as well`];
  if (redis.sentinelLogin.password === null) return [];
  return [`${name('redisSentinelPassword')} and ?sentinel_password= of ${name('redis')} are both given; keep one`];
}

// OPENAI_BASE_URL set for an app in the same shell would make the gateway call itself.
function isOwnAddress({ upstreamUrl, httpPort, httpsPort }: Settings): boolean {
  if (upstreamUrl === null || !isLoopback(upstreamUrl)) return false;
  const port = new URL(upstreamUrl).port;
  return port !== '' && (port === String(httpPort) || port === String(httpsPort));
}

function isLoopback(url: string): boolean {
  return /^(localhost|127\..*|\[::1\])$/.test(new URL(url).hostname);
}

function samePorts(settings: Settings, name: (key: SettingKey) => string): string[] {
  const ports = (['httpPort', 'httpsPort', 'adminPort', 'metricsPort', 'postgresPort'] as const).filter(
    (key) => settings[key] !== 0,
  );
  return ports.flatMap((key, index) => {
    const earlier = ports.slice(0, index).find((other) => settings[other] === settings[key]);
    return earlier === undefined ? [] : [`${name(earlier)} and ${name(key)} are the same port; choose different ones`];
  });
}

function risks({ upstreamUrl }: Config): string[] {
  return upstreamUrl?.startsWith('http:') === true && !isLoopback(upstreamUrl)
    ? [`the upstream key travels to ${new URL(upstreamUrl).host} without encryption; use https`]
    : [];
}

function nameOf(key: string, found: FoundTexts): string {
  if (!isSettingKey(key)) return key;
  return found.origins[key] ?? SETTINGS[key].flag;
}

function isSwitch(text: string): text is Switch {
  return Object.hasOwn(SWITCHES, text);
}
