// Opens a spool folder: takes ownership, recovers what an earlier run left, and starts the journal.
import { describeDiskError } from './disk-error.js';
import { SpoolFolderError, takeFolder, type FolderOwner } from './owner.js';
import { recoverSegments } from './recover.js';
import { Spool } from './spool.js';
import { spoolSettings, type SpoolOptions } from './spool-options.js';

/**
 * Opens the folder, making it when it is missing. What an earlier run left is in the queue for the drain when this
 * resolves. Close the spool to let the folder go.
 * @throws SpoolFolderError when another process uses the folder or it cannot be written; says what to do.
 */
export async function openSpool(options: SpoolOptions): Promise<Spool> {
  const settings = spoolSettings(options);
  const { files, folder, onIncident } = settings;
  try {
    await files.makeFolder(folder);
    const owner = await takeFolder(settings);
    try {
      const recovery = await recoverSegments(files, folder, {
        lastPromise: owner.lastPromise,
        onIncident,
        onProgress: () => stillOurs(owner, folder),
      });
      return new Spool(settings, owner, recovery);
    } catch (error) {
      await owner.release(owner.lastPromise);
      throw error;
    }
  } catch (error) {
    if (error instanceof SpoolFolderError) throw error;
    throw new SpoolFolderError(describeDiskError(error, folder), { cause: error });
  }
}

async function stillOurs(owner: FolderOwner, folder: string): Promise<void> {
  if (!(await owner.beat()))
    throw new SpoolFolderError(`Another process took over the spool ${folder} while this one was starting.`);
}
