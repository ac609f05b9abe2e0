// What the tenancy services work with.
import type { Clock } from '@trunkline/kernel';
import type { Database } from '@trunkline/platform/database';
import type { KeyHasher } from '../../index.js';

/** Given to every service function. */
export interface TenancyContext {
  readonly db: Database;
  readonly clock: Clock;
  readonly randomBytes: (n: number) => Uint8Array;
  readonly hashKey: KeyHasher;
}
