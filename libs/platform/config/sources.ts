// Finds the text of each setting: a flag beats the environment, a secret may stand in a file. Guarantees that two
// sources of equal rank never compete silently and that an empty secret stops the start (an unset variable in a
// deployment file looks just like that). Reading files is a port, so that this stays testable.
import { nearestName } from './nearest-name.js';
import type { Flags } from './flags.js';
import { SETTING_KEYS, SETTINGS, type SettingKey, type SettingSpec } from './settings.js';

/** What the texts come from. */
export interface ConfigInput {
  readonly flags: Flags;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Reads a whole file; throws when it cannot. */
  readonly readTextFile: (path: string) => string;
}

/** The texts that were found, and by which name each was given. */
export interface FoundTexts {
  readonly texts: Partial<Record<SettingKey, string>>;
  readonly origins: Partial<Record<SettingKey, string>>;
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

type Found = { readonly text: string; readonly origin: string } | { readonly problem: string } | null;

/** Looks every setting up. */
export function findTexts(input: ConfigInput): FoundTexts {
  const texts: Partial<Record<SettingKey, string>> = {};
  const origins: Partial<Record<SettingKey, string>> = {};
  const problems: string[] = [];
  for (const key of SETTING_KEYS) {
    const found = findText(SETTINGS[key], input);
    if (found === null) continue;
    if ('problem' in found) problems.push(found.problem);
    else [texts[key], origins[key]] = [found.text, found.origin];
  }
  return { texts, origins, problems, warnings: unknownNames(input.env) };
}

/** Flags that exist, those for secret files included. */
export function knownFlags(): string[] {
  return SETTING_KEYS.flatMap((key) => {
    const { flag, secret } = SETTINGS[key];
    return secret === true ? [flag, `${flag}-file`] : [flag];
  });
}

function findText(spec: SettingSpec, input: ConfigInput): Found {
  const flags = input.flags.texts;
  return (
    choose(spec, { name: spec.flag, fileName: `${spec.flag}-file`, get: (name) => flags.get(name) }, input) ??
    spec.env.reduce<Found>(
      (found, name) => found ?? choose(spec, { name, fileName: `${name}_FILE`, get: (each) => input.env[each] }, input),
      null,
    )
  );
}

interface Source {
  readonly name: string;
  readonly fileName: string;
  readonly get: (name: string) => string | undefined;
}

function choose(spec: SettingSpec, { name, fileName, get }: Source, input: ConfigInput): Found {
  const text = get(name);
  const file = spec.secret === true ? get(fileName) : undefined;
  if (text !== undefined && file !== undefined) return { problem: `${name} and ${fileName} are both given; keep one` };
  if (file !== undefined) return readSecretFile(fileName, file, input);
  if (text === undefined) return null;
  // Shells and deployment files make empty variables by the way; only for a secret is that a danger.
  if (text.trim() !== '') return { text: text.trim(), origin: name };
  return spec.secret === true || name.startsWith('--') ? { problem: `${name} is empty; set it or leave it out` } : null;
}

function readSecretFile(name: string, path: string, input: ConfigInput): Found {
  try {
    const text = input.readTextFile(path).trim();
    return text === '' ? { problem: `${name}: the file ${path} is empty` } : { text, origin: name };
  } catch {
    return { problem: `${name}: the file ${path} cannot be read` };
  }
}

function unknownNames(env: ConfigInput['env']): string[] {
  const known = SETTING_KEYS.flatMap((key) => {
    const { env: names, secret } = SETTINGS[key];
    return secret === true ? names.flatMap((name) => [name, `${name}_FILE`]) : names;
  });
  const unknown = Object.keys(env).filter((name) => name.startsWith('TRUNKLINE_') && !known.includes(name));
  return unknown.sort().map((name) => {
    const nearest = nearestName(name, known);
    return `${name} is no setting and does nothing${nearest === null ? '' : `; did you mean ${nearest}?`}`;
  });
}
