// What an operator can set on a spool, with the reasons for the defaults.
import { systemClock, type Clock } from '@trunkline/kernel';
import { nodeFiles, type SpoolFiles } from './files.js';
import type { IncidentListener } from './incident.js';
import { systemProcesses, type Processes } from './process-identity.js';

/** Told of each durable group and append, for metrics. Must not throw. */
export interface SpoolProbe {
  /** A group of records was written and synced. */
  synced(seconds: number, records: number): void;
  /** One append was acknowledged; the time includes waiting for the group before it. */
  appended(seconds: number): void;
}

/** How to open a spool. */
export interface SpoolOptions {
  /** A folder of its own; made when missing. Must survive a restart of the machine. */
  readonly folder: string;
  /** Disk budget. Default 512 MiB: about 500,000 usage events while the database is away. */
  readonly bytesMax?: number;
  /** Size at which a file is closed and the next begun. Default 8 MiB, at most a quarter of the budget. */
  readonly segmentBytes?: number;
  /** Appends that may wait for the disk. Default 16 MiB. */
  readonly waitingBytesMax?: number;
  /** What one sync makes durable at most. Default 1 MiB: a few milliseconds on a slow disk. */
  readonly groupBytesMax?: number;
  /** How long an owner in another container must be silent to count as gone. Default 5,000. */
  readonly ownerSilenceMs?: number;
  /** A write that takes longer counts as failed. Default 10,000: no working disk takes that long. */
  readonly stallMsMax?: number;
  readonly onIncident?: IncidentListener;
  readonly probe?: SpoolProbe;
  readonly files?: SpoolFiles;
  readonly clock?: Clock;
  readonly processes?: Processes;
}

/** Options with their defaults. */
export type SpoolSettings = Required<Omit<SpoolOptions, 'probe'>> & Pick<SpoolOptions, 'probe'>;

const MIB = 1_048_576;

/**
 * Fills in the defaults.
 * @throws RangeError when the sizes do not fit together.
 */
export function spoolSettings(options: SpoolOptions): SpoolSettings {
  const bytesMax = options.bytesMax ?? 512 * MIB;
  const segmentBytes = options.segmentBytes ?? Math.min(8 * MIB, Math.floor(bytesMax / 4));
  // Only whole files are deleted, so a budget of few files would stay full after it was drained.
  if (segmentBytes * 4 > bytesMax)
    throw new RangeError(`the spool's budget of ${bytesMax} bytes must hold 4 segments of ${segmentBytes} bytes`);
  return {
    waitingBytesMax: 16 * MIB,
    groupBytesMax: MIB,
    ownerSilenceMs: 5_000,
    stallMsMax: 10_000,
    onIncident: () => undefined,
    files: nodeFiles,
    clock: systemClock,
    processes: systemProcesses,
    ...options,
    bytesMax,
    segmentBytes,
  };
}
