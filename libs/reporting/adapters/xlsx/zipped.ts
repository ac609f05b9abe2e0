// An archive that is written while its files are made: each piece of text goes through the compressor and leaves. Every file
// has one fixed date, so that what is packed twice has the same bytes.
import { Zip, ZipDeflate } from 'fflate';

/** A file of the archive. */
export interface ArchivePart {
  readonly path: string;
  /** Read once, in order. */
  readonly text: Iterable<string>;
}

// The first moment that an archive can hold.
const PACKED_AT = new Date(1980, 0, 1);
// Some hundred rows: a call of the compressor for each row would cost more than the row.
const PIECE_CHARS = 64 * 1024;
const NOTHING = new Uint8Array();

/** The bytes of the archive, as they come. */
export function* zipped(parts: Iterable<ArchivePart>): Iterable<Uint8Array> {
  let ready: Uint8Array[] = [];
  const taken = (): readonly Uint8Array[] => {
    const pieces = ready;
    ready = [];
    return pieces;
  };
  const archive = new Zip((error, bytes) => {
    if (error) throw error;
    ready.push(bytes);
  });
  const encoder = new TextEncoder();
  for (const { path, text } of parts) {
    const file = new ZipDeflate(path);
    file.mtime = PACKED_AT;
    archive.add(file);
    for (const piece of inPieces(text)) {
      file.push(encoder.encode(piece));
      yield* taken();
    }
    file.push(NOTHING, true);
    yield* taken();
  }
  archive.end();
  yield* taken();
}

function* inPieces(text: Iterable<string>): Iterable<string> {
  let piece = '';
  for (const part of text) {
    piece += part;
    if (piece.length < PIECE_CHARS) continue;
    yield piece;
    piece = '';
  }
  if (piece !== '') yield piece;
}
