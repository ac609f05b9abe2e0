// Settings as text for people: what is in force, and what there is. Guarantees that no secret appears.
import type { LoadedConfig } from './config.js';
import { ConfigSchema, SETTING_KEYS, SETTINGS, SWITCHES, type SettingKey } from './settings.js';

/** One line a setting: `TRUNKLINE_HTTP_PORT=8080  (default)`. Secrets show only where they come from. */
export function printConfig({ config, origins }: LoadedConfig): string {
  return SETTING_KEYS.map((key) => {
    const origin = origins[key];
    const shown = SETTINGS[key].secret === true ? redact(config[key]) : show(key, config[key]);
    return `${SETTINGS[key].env[0]}=${shown}  (${origin === undefined ? 'default' : `from ${origin}`})\n`;
  }).join('');
}

/** The text for `--help`. */
export function helpText(command: string): string {
  const defaults = ConfigSchema.parse({});
  const rows = SETTING_KEYS.map((key) => {
    const { env, flag, help, secret } = SETTINGS[key];
    const value = show(key, defaults[key]);
    const names = `${flag}${secret === true ? `, ${flag}-file` : ''}`;
    const variables = env.flatMap((name) => (secret === true ? [name, `${name}_FILE`] : [name])).join(', ');
    return `  ${names}\n      ${help}${value === '' ? '' : ` (default ${value})`}\n      ${variables}\n`;
  });
  const switches = Object.entries(SWITCHES).map(([flag, help]) => `  ${flag}\n      ${help}\n`);
  return `Usage: ${command} [flags]\n\nFlags beat the environment.\n\n${[...switches, ...rows].join('')}`;
}

function redact(value: unknown): string {
  return value === null || value === undefined ? '' : '(set, not shown)';
}

// Back in the form in which people write it.
function show(key: SettingKey, value: string | number | object | null | undefined): string {
  if (value === undefined) return '';
  if (value === null) return key === 'idleMsMax' || key === 'durationMsMax' ? 'none' : '';
  if (typeof value === 'string') return value;
  // An address of Redis, which is a secret and not shown.
  if (typeof value === 'object') return '';
  if (/Ms(Max)?$/.test(key)) return inUnits(value, DURATIONS);
  if (/Bytes(Max)?$/.test(key)) return inUnits(value, SIZES);
  return String(value);
}

const DURATIONS: readonly (readonly [string, number])[] = [
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
];
const SIZES: readonly (readonly [string, number])[] = [
  ['GiB', 1024 ** 3],
  ['MiB', 1024 ** 2],
  ['KiB', 1024],
  ['B', 1],
];

function inUnits(value: number, units: typeof DURATIONS): string {
  for (const [unit, size] of units) if (value % size === 0) return `${value / size}${unit}`;
  return String(value);
}
