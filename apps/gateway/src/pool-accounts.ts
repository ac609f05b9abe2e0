// The upstream account of each pool: what the pool carries itself, and for the rest the account of the settings.
import { readFile } from 'node:fs/promises';
import type { Config } from '@trunkline/platform/config';
import type { SecretSeal } from '@trunkline/platform/secrets';
import type { Pool } from '@trunkline/tenancy';
import type { UpstreamAccount } from './gateway-parts.js';

/** The account of the settings, or null when none was given. @throws when the authority's file cannot be read. */
export async function givenAccount(config: Config): Promise<UpstreamAccount | null> {
  const { upstreamUrl, upstreamKey, upstreamCaFile } = config;
  if (upstreamUrl === null || upstreamKey === null) return null;
  const ca = upstreamCaFile === null ? null : await readFile(upstreamCaFile, 'utf8');
  return settingsAccount(upstreamUrl, upstreamKey, ca);
}

/** An account of OpenAI as the settings know one. */
export function settingsAccount(baseUrl: string, apiKey: string, ca: string | null): UpstreamAccount {
  return { baseUrl, apiKey, ca, vendor: 'openai', deployments: new Map() };
}

/** The account of a pool. Null when its key was sealed under another pepper: it can only be set again. */
export function poolAccount(pool: Pool, settings: UpstreamAccount, seal: SecretSeal): UpstreamAccount | null {
  const { upstreamUrl, upstreamKeySealed, vendor, deployments } = pool;
  const apiKey = upstreamKeySealed === null ? settings.apiKey : seal.open(upstreamKeySealed, pool.id);
  return apiKey === null
    ? null
    : { baseUrl: upstreamUrl ?? settings.baseUrl, apiKey, ca: settings.ca, vendor, deployments };
}
