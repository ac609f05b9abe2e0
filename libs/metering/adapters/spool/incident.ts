// What went wrong in a spool folder, for alarms and for the person who has to look. Each names the file, bytes and
// sequences; none holds record contents.
import type { JournalRecord } from '@trunkline/metering';
import type { DamagedRange } from './segment-scan.js';

/** Something an operator should know. Everything but `torn_tail` and `disk_recovered` is an alarm. */
export type SpoolIncident =
  /** A crash interrupted a write that nobody had been told was done; the leftovers were cut off. */
  | { readonly kind: 'torn_tail'; readonly file: string; readonly fromByte: number; readonly bytes: number }
  /**
   * Acknowledged bytes can no longer be read. Records before the first range are drained; the file is then kept as
   * `quarantinedAs`, with `intactAfter` readable records behind the damage.
   */
  | {
      readonly kind: 'damaged';
      readonly file: string;
      readonly quarantinedAs: string;
      readonly ranges: readonly DamagedRange[];
      readonly intactAfter: number;
    }
  /** A newer version wrote this; the file is kept as it is and tried again at the next start. */
  | { readonly kind: 'unreadable'; readonly file: string; readonly fromByte: number; readonly reason: string }
  /** A finished file could not be deleted or renamed. Draining it again after a restart does no harm. */
  | { readonly kind: 'leftover'; readonly file: string; readonly reason: string }
  /** The disk refuses writes; appends fail until `disk_recovered`. */
  | { readonly kind: 'disk_failed'; readonly reason: string }
  | { readonly kind: 'disk_recovered' }
  /** Another process took the folder over while this one stood still; this one acknowledges nothing more. */
  | { readonly kind: 'owner_lost'; readonly folder: string }
  /** The store will never take this record; it was moved to `file` so that the others can go on. */
  | {
      readonly kind: 'set_aside';
      readonly file: string;
      readonly sequence: number;
      readonly recordKind: JournalRecord['kind'];
      readonly reason: string;
    };

/** Told of each incident once, when it is found. Must not throw. */
export type IncidentListener = (incident: SpoolIncident) => void;
