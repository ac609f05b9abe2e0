// What the judges of a world are given beside the store's steps.
import type { OpenSession } from './upstream.js';

/** What a referee knows of the world beside the store. */
export interface RefereeParts {
  /** How many there are. */
  readonly tenants: number;
  /** After which a call that nobody attends to is out of line, in milliseconds. */
  readonly waiterMs: number;
  readonly openSessions: () => Iterable<OpenSession>;
  /** Whether this session may outlive its line: its replica is cut off, and its policy is to keep calls. */
  readonly mayOutlive: (session: OpenSession) => boolean;
}
