import type { Config } from '@trunkline/platform/config';
import type { Log } from '@trunkline/platform/logging';
import type { Shutdown } from '@trunkline/platform/shutdown';

/** What every step of the start gets. */
export interface Base {
  readonly config: Config;
  readonly log: Log;
  readonly shutdown: Shutdown;
}
