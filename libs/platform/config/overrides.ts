// Settings without a default here: the bounds of a session belong to the relay and the times of a lease to admission,
// and a number in two places drifts apart. What is given overrides what they say.
import type { SettingKey, Settings } from './settings.js';

const RELAY_KEYS = [
  'messageBytesMax',
  'fragmentsMax',
  'highWaterBytes',
  'lowWaterBytes',
  'hardCapBytes',
  'pausedMsMax',
  'idleMsMax',
  'durationMsMax',
  'pingIntervalMs',
  'deadPeerMs',
] as const satisfies readonly SettingKey[];

/** Those of the settings that were given; the others are absent, so that a spread keeps the default. */
export type Given<K extends SettingKey> = { readonly [P in K]?: Exclude<Settings[P], undefined> };

/** The bounds of a session that were given: `{ ...RELAY_LIMITS, ...relayOverrides(config) }`. */
export function relayOverrides(settings: Settings): Given<(typeof RELAY_KEYS)[number]> {
  return Object.fromEntries(RELAY_KEYS.flatMap((key) => (settings[key] === undefined ? [] : [[key, settings[key]]])));
}
