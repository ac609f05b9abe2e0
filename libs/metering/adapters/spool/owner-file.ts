// The file that says who owns a spool folder: its name carries the epoch, its contents the process.
import { join } from 'node:path';
import { z } from 'zod';
import { errorCode, type SpoolFiles } from './files.js';

const promiseSchema = z.object({ epoch: z.number(), segment: z.number(), bytes: z.number() });
const ownerSchema = z.object({
  version: z.literal(1),
  spoolId: z.string(),
  epoch: z.number().int(),
  process: z.object({ pid: z.number(), startTicks: z.string().nullable(), place: z.string(), host: z.string() }),
  /** Null while owned; the promise is null when nothing was left to drain. */
  released: z.object({ promise: promiseSchema.nullable() }).nullable(),
});

/** What an owner file says. */
export type OwnerRecord = z.infer<typeof ownerSchema>;

/** The path of an epoch's owner file. */
export function ownerPath(folder: string, epoch: number): string {
  return join(folder, `owner-${epoch.toString().padStart(10, '0')}.json`);
}

/** The epoch in an owner file's name; null for other files. */
export function ownerEpoch(name: string): number | null {
  const digits = /^owner-(\d{10})\.json$/.exec(name)?.[1];
  return digits === undefined ? null : Number(digits);
}

/** Writes a new owner file and makes its contents durable. */
export async function writeOwnerFile(files: SpoolFiles, path: string, record: OwnerRecord): Promise<void> {
  const file = await files.create(path);
  try {
    await file.write(Buffer.from(`${JSON.stringify(record)}\n`), 0);
  } finally {
    await file.close();
  }
}

/** Reads an owner file: `missing` when it is not there (any more), `unreadable` when it holds something else. */
export async function readOwnerFile(files: SpoolFiles, path: string): Promise<OwnerRecord | 'missing' | 'unreadable'> {
  let text: string;
  try {
    text = await readText(files, path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return 'missing';
    throw error;
  }
  try {
    return ownerSchema.parse(JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) return 'unreadable';
    throw error;
  }
}

async function readText(files: SpoolFiles, path: string): Promise<string> {
  const file = await files.open(path);
  try {
    return (await file.read(0, await file.size())).toString('utf8');
  } finally {
    await file.close();
  }
}
