// The upstream account of the settings, the same for every pool until pools carry their own.
import { readFile } from 'node:fs/promises';
import type { Config } from '@trunkline/platform/config';
import type { UpstreamAccount } from './gateway-parts.js';

/** The account that was given, or null when there is none. @throws when the authority's file cannot be read. */
export async function givenAccount(config: Config): Promise<UpstreamAccount | null> {
  const { upstreamUrl, upstreamKey, upstreamCaFile } = config;
  if (upstreamUrl === null || upstreamKey === null) return null;
  const ca = upstreamCaFile === null ? null : await readFile(upstreamCaFile, 'utf8');
  return { baseUrl: upstreamUrl, apiKey: upstreamKey, ca };
}
