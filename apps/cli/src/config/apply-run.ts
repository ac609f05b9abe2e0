// What the steps of an apply work on, and how they refuse.
import type { Result } from '@trunkline/kernel';
import type { Database } from '@trunkline/platform/database';
import type { PoolContext } from '@trunkline/tenancy/adapters/prisma';
import type { Configuration, ConfigurationRequest } from './configuration.js';
import type { ConfigChange } from './differences.js';
import type { ConfigPath } from './yaml-file.js';

/** A key that was made. */
export interface NewSecret {
  readonly tenant: string;
  readonly key: string;
  readonly secret: string;
}

/** Where moderation policies are compared and set. */
export interface Policies {
  /** The difference of a tenant's policy to this one; null: none. @throws ConfigRefused */
  set(db: Database, tenantId: string, policy: unknown, path: ConfigPath): Promise<'set' | 'same'>;
}

/** What is applied. */
export interface ApplyRequest {
  /** As the schema read it, to compare. */
  readonly wanted: Configuration;
  /** As the file has it, for the services. */
  readonly raw: ConfigurationRequest;
  /** Puts away what the file does not name. */
  readonly prune: boolean;
  readonly dryRun: boolean;
  /** Called before anything is committed: a secret that cannot be kept is not made. */
  readonly keepSecrets: (secrets: readonly NewSecret[]) => Promise<void>;
}

/** What steps work on, and where they say what they did. */
export interface ApplyRun {
  readonly context: PoolContext & { readonly openUpstreamKey: (sealed: string, poolId: string) => string | null };
  readonly policies: Policies;
  readonly request: ApplyRequest;
  readonly changes: ConfigChange[];
  readonly secrets: NewSecret[];
}

/** A refusal, and which part of the file it is about. */
export class ConfigRefused extends Error {
  override readonly name = 'ConfigRefused';
  constructor(
    readonly path: ConfigPath,
    message: string,
  ) {
    super(message);
  }
}

/** The value of a step. @throws ConfigRefused */
export function agreed<T>(outcome: Result<T, { readonly message: string }>, path: ConfigPath): T {
  if (outcome.ok) return outcome.value;
  throw new ConfigRefused(path, outcome.error.message);
}
