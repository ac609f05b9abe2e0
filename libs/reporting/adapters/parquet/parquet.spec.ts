// The Parquet file read back: every cell of every row, over the ends of groups.
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { USAGE_COLUMNS, type ExportSources, type UsageRow } from '../../index.js';
import { context, sources } from '../../test/rows.js';
import { usageParquetFormat } from './index.js';

const ROWS = 11_000;

async function oneRow(): Promise<UsageRow> {
  for await (const [row] of sources().usage()) if (row) return row;
  throw new Error('the sample has no usage');
}

async function manyRows(): Promise<readonly UsageRow[]> {
  const row = await oneRow();
  const of = (n: number): UsageRow => ({
    ...row,
    chainSequence: String(n),
    usageEventId: `use_${n}`,
    quantities: new Map(n % 3 === 0 ? [] : [['output_audio', String(n)]]),
    correctsId: n % 5 === 0 ? `txn_${n}` : null,
  });
  return Array.from({ length: ROWS }, (_, n) => of(n));
}

async function fileOf(rows: readonly UsageRow[]): Promise<ArrayBuffer> {
  const from: ExportSources = {
    ...sources(),
    async *usage() {
      for (let at = 0; at < rows.length; at += 700) yield await Promise.resolve(rows.slice(at, at + 700));
    },
  };
  const pieces: Uint8Array[] = [];
  for await (const piece of usageParquetFormat.files(context(), from)[0]?.pieces() ?? [])
    pieces.push(Buffer.from(piece));
  const bytes = new Uint8Array(Buffer.concat(pieces));
  return bytes.buffer;
}

describe('usage as Parquet', () => {
  it('has each cell of each row, in groups that memory can hold', async () => {
    const rows = await manyRows();
    const file = await fileOf(rows);
    expect(parquetMetadata(file).row_groups.map((group) => Number(group.num_rows))).toEqual([5_000, 5_000, 1_000]);
    const read = await parquetReadObjects({ file });
    expect(read).toHaveLength(ROWS);
    for (const [i, row] of rows.entries())
      for (const { name, kind, value } of USAGE_COLUMNS) {
        const [cell, text]: [unknown, string | null] = [read[i]?.[name] ?? null, value(row)];
        const expected = kind === 'integer' && text !== null ? BigInt(text) : text;
        if (cell !== expected) expect({ row: i, name, cell }).toEqual({ row: i, name, cell: expected });
      }
  });

  it('has the same bytes each time', async () => {
    const rows = await manyRows();
    expect(Buffer.from(await fileOf(rows)).equals(Buffer.from(await fileOf(rows)))).toBe(true);
  });
});
