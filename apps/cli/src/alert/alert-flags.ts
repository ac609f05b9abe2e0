// What the commands about alerts have in common: whose things they are about, and how secrets are handed over.
import type { AlertOwner } from '@trunkline/alerting';
import { findTenant, type TenancyContext } from '@trunkline/tenancy/adapters/prisma';
import type { Command } from 'commander';
import { done } from '../run-command.js';

/** Whose rules and channels: without, the company's. */
export interface OwnerFlag {
  readonly tenant?: string;
}

/** Adds `--tenant`. */
export function ofOwner(command: Command): Command {
  return command.option('--tenant <tenant>', "a tenant's own, by slug or id; without, the company's");
}

/** Whose. @throws Error for a tenant that is not there */
export async function ownerNamed(tenancy: TenancyContext, { tenant }: OwnerFlag): Promise<AlertOwner> {
  return tenant === undefined ? null : done(await findTenant(tenancy, tenant)).id;
}

/** The value of a variable that a flag names. @throws Error that says what the flag is for; the value is in none */
export function fromEnv(env: NodeJS.ProcessEnv, name: string, flag: string): string {
  const value = env[name]?.trim() ?? '';
  if (value !== '') return value;
  throw new Error(`${flag} takes the name of an environment variable that holds it; ${name} is not set`);
}
