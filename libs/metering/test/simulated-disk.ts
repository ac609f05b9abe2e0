// A disk in memory for tests of the spool. It keeps apart what was written and what is durable, so that a test can cut
// the power at any moment and keep any part of what was not synced, and it fails on demand as real disks do.
import type { SpoolFile, SpoolFiles } from '../adapters/spool/files.js';

/** Chooses a whole number from 0 to `max`, both included. */
export type Choose = (max: number) => number;

interface Inode {
  bytes: Buffer;
  durable: Buffer;
  /** Writes since the last sync, in order. */
  unsynced: { readonly offset: number; readonly bytes: Buffer }[];
  /** Length of the file after each truncation that is not synced; null when there was none. */
  truncatedTo: number | null;
  touched: number;
}

type NameChange = (names: Map<string, Inode>) => void;

/** Operations that can be made to fail. */
export type DiskOperation = 'create' | 'write' | 'sync' | 'truncate' | 'remove' | 'touch' | 'syncFolder';

const SECTOR = 512;

export class SimulatedDisk implements SpoolFiles {
  private names = new Map<string, Inode>();
  private durableNames = new Map<string, Inode>();
  private nameChanges: NameChange[] = [];
  private clock = 1;
  private dead = false;
  private readonly failing = new Map<DiskOperation, string>();
  /** Bytes that fit; writing beyond gives ENOSPC after as much as fits. */
  capacity = Number.POSITIVE_INFINITY;
  syncs = 0;
  /** Runs at the beginning of each write, e.g. to hold it up. */
  beforeWrite: () => Promise<void> = () => Promise.resolve();

  /** Makes an operation fail with a system error code until `heal`. */
  fail(operation: DiskOperation, code: string): void {
    this.failing.set(operation, code);
  }

  heal(): void {
    this.failing.clear();
    this.capacity = Number.POSITIVE_INFINITY;
  }

  /** What a machine finds after a power cut: everything synced, and any part of the rest. Old handles stay on the old disk. */
  afterPowerCut(choose: Choose): SimulatedDisk {
    const names = new Map(this.durableNames);
    for (const change of this.nameChanges.slice(0, choose(this.nameChanges.length))) change(names);
    return copyOf(names, (inode) => survivingBytes(inode, choose));
  }

  /**
   * What the next process finds after this one was killed: all that was written, synced or not (what was not is still
   * lost should the power go later). Nothing the dead process tries has any effect.
   */
  afterKill(): SimulatedDisk {
    const next = new SimulatedDisk();
    next.names = this.names;
    next.durableNames = this.durableNames;
    next.nameChanges = this.nameChanges;
    next.clock = this.clock;
    this.dead = true;
    return next;
  }

  /** Begins with these files, all durable. */
  install(files: readonly (readonly [string, Inode])[]): void {
    this.names = new Map(files);
    this.durableNames = new Map(files);
  }

  /** The files there are. */
  fileNames(): readonly string[] {
    return [...this.names.keys()].map((path) => path.slice(path.lastIndexOf('/') + 1)).sort();
  }

  /** A file's bytes, to look at or to damage in place. */
  bytesOf(name: string): Buffer {
    return this.inodeOf(name).bytes;
  }

  /** Flips a bit of a file, on the platter and in what readers see. */
  flipBit(name: string, byte: number): void {
    const inode = this.inodeOf(name);
    for (const copy of [inode.bytes, inode.durable])
      if (byte < copy.length) copy.writeUInt8(copy.readUInt8(byte) ^ 0x10, byte);
  }

  async makeFolder(): Promise<void> {
    this.mayFail('create');
  }

  async create(path: string): Promise<SpoolFile> {
    this.mayFail('create');
    if (this.names.has(path)) throw systemError('EEXIST');
    const inode = freshInode(Buffer.alloc(0));
    this.change((names) => names.set(path, inode));
    return this.handle(inode);
  }

  async open(path: string): Promise<SpoolFile> {
    return this.handle(this.existing(path));
  }

  async openForAppend(path: string): Promise<SpoolFile> {
    return this.names.has(path) ? this.open(path) : this.create(path);
  }

  async list(): Promise<string[]> {
    this.mustLive();
    return [...this.fileNames()];
  }

  async link(from: string, to: string): Promise<void> {
    const inode = this.existing(from);
    if (this.names.has(to)) throw systemError('EEXIST');
    this.change((names) => names.set(to, inode));
  }

  async rename(from: string, to: string): Promise<void> {
    const inode = this.existing(from);
    this.change((names) => {
      names.delete(from);
      names.set(to, inode);
    });
  }

  async remove(path: string): Promise<void> {
    this.mayFail('remove');
    this.existing(path);
    this.change((names) => names.delete(path));
  }

  async touch(path: string): Promise<void> {
    this.mayFail('touch');
    this.existing(path).touched = this.clock++;
  }

  async touchedAtMs(path: string): Promise<number> {
    return this.names.get(path)?.touched ?? 0;
  }

  async syncFolder(): Promise<void> {
    this.mayFail('syncFolder');
    this.durableNames = new Map(this.names);
    this.nameChanges = [];
  }

  private handle(inode: Inode): SpoolFile {
    const sync = async (): Promise<void> => {
      this.syncs++;
      // A turn of the event loop, as any real disk takes.
      await new Promise((resolve) => setImmediate(resolve));
      // As on Linux: after a failed sync the pages count as clean, and the next sync succeeds without writing them.
      this.mustLive();
      if (!this.failing.has('sync')) inode.durable = durableAfterSync(inode);
      inode.unsynced = [];
      inode.truncatedTo = null;
      this.mayFail('sync');
    };
    return {
      write: async (bytes, offset) => {
        await this.beforeWrite();
        this.mayFail('write');
        const room = this.capacity - this.used() + Math.max(0, inode.bytes.length - offset);
        const fits = Buffer.from(bytes.subarray(0, Math.max(0, Math.min(bytes.length, room))));
        inode.bytes = overwrite(inode.bytes, offset, fits);
        inode.unsynced.push({ offset, bytes: fits });
        if (fits.length < bytes.length) throw systemError('ENOSPC');
        await sync();
      },
      read: async (offset, length) => Buffer.from(inode.bytes.subarray(offset, offset + length)),
      sync,
      truncate: async (length) => {
        this.mayFail('truncate');
        inode.bytes = Buffer.from(inode.bytes.subarray(0, length));
        inode.truncatedTo = length;
        inode.unsynced = inode.unsynced
          .filter((write) => write.offset < length)
          .map((write) => ({ ...write, bytes: write.bytes.subarray(0, length - write.offset) }));
      },
      size: async () => inode.bytes.length,
      close: async () => undefined,
    };
  }

  private inodeOf(name: string): Inode {
    const path = [...this.names.keys()].find((each) => each.endsWith(`/${name}`));
    const inode = path === undefined ? undefined : this.names.get(path);
    if (inode === undefined) throw new Error(`no file ${name}`);
    return inode;
  }

  private change(change: NameChange): void {
    this.mustLive();
    change(this.names);
    this.nameChanges.push(change);
  }

  private existing(path: string): Inode {
    const inode = this.names.get(path);
    if (inode === undefined) throw systemError('ENOENT');
    return inode;
  }

  /** Bytes in all files. */
  used(): number {
    return [...new Set(this.names.values())].reduce((sum, inode) => sum + inode.bytes.length, 0);
  }

  private mustLive(): void {
    if (this.dead) throw systemError('EIO');
  }

  private mayFail(operation: DiskOperation): void {
    this.mustLive();
    const code = this.failing.get(operation);
    if (code !== undefined) throw systemError(code);
  }
}

// A fresh machine with these files; two names of one file stay so.
function copyOf(names: ReadonlyMap<string, Inode>, contents: (inode: Inode) => Buffer): SimulatedDisk {
  const copies = new Map<Inode, Inode>();
  for (const inode of names.values()) if (!copies.has(inode)) copies.set(inode, freshInode(contents(inode)));
  const disk = new SimulatedDisk();
  disk.install([...names].flatMap(([name, inode]) => [[name, copies.get(inode) ?? inode]]));
  return disk;
}

function durableAfterSync({ durable, unsynced, truncatedTo }: Inode): Buffer {
  const start = truncatedTo === null ? durable : durable.subarray(0, truncatedTo);
  return unsynced.reduce((bytes, write) => overwrite(bytes, write.offset, write.bytes), start);
}

// Sectors of unsynced writes reach the platter in any order, or not at all.
function survivingBytes(inode: Inode, choose: Choose): Buffer {
  let bytes = inode.durable;
  if (inode.truncatedTo !== null && choose(1) === 1) bytes = bytes.subarray(0, inode.truncatedTo);
  for (const write of inode.unsynced)
    for (let from = 0; from < write.bytes.length; from += SECTOR)
      if (choose(3) > 0) bytes = overwrite(bytes, write.offset + from, write.bytes.subarray(from, from + SECTOR));
  return bytes;
}

function overwrite(bytes: Buffer, offset: number, patch: Buffer): Buffer {
  const out = Buffer.alloc(Math.max(bytes.length, offset + patch.length));
  bytes.copy(out);
  patch.copy(out, offset);
  return out;
}

function freshInode(bytes: Buffer): Inode {
  return { bytes: Buffer.from(bytes), durable: Buffer.from(bytes), unsynced: [], truncatedTo: null, touched: 0 };
}

function systemError(code: string): Error {
  return Object.assign(new Error(`simulated ${code}`), { code });
}
