// Says in words what a disk refused and what to do about it.
import { errorCode } from './files.js';

/** A sentence for operators about a failed file operation in the folder. */
export function describeDiskError(error: unknown, folder: string): string {
  const code = errorCode(error);
  const advice = code === null ? undefined : ADVICE[code];
  if (advice !== undefined) return `The spool ${folder} cannot be written: ${advice} (${code}).`;
  return `The spool ${folder} cannot be written: ${error instanceof Error ? error.message : String(error)}.`;
}

const ADVICE: Record<string, string> = {
  ENOSPC: 'its disk is full or out of inodes. Free some space; writing goes on by itself',
  EDQUOT: 'its disk quota is used up. Raise it or free some space; writing goes on by itself',
  EACCES: 'this user may not write there. Change the owner of the folder or choose another one',
  EPERM: 'this user may not write there. Change the owner of the folder or choose another one',
  EROFS: 'its file system is read-only. Remount it writable or choose another folder',
  EIO: 'its disk reports errors. Replace the disk or choose another folder',
  ENOENT: 'it does not exist any more. Restore the folder or choose another one',
  ENOTDIR: 'a part of its path is a file. Choose another folder',
  EMFILE: 'this process has too many open files. Raise its limit (ulimit -n)',
  ENFILE: 'the machine has too many open files. Raise fs.file-max',
};
