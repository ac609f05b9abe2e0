// Usage events as Parquet, written group by group while rows stream by: memory holds one group, whatever the month. Amounts
// and quantities are exact decimals (text), since a double would lose digits; readers cast them.
import { ByteWriter, ParquetWriter, schemaFromColumnData, type ColumnSource } from 'hyparquet-writer';
import {
  fileStem,
  isPreliminary,
  USAGE_COLUMNS,
  type ExportFormat,
  type UsageRow,
  type UsageRows,
} from '../../index.js';

// What a group takes while it is gathered and written is most of what an export takes; what the file says of a group at its
// end is kept until then, some kilobytes. Four times as many rows took 80 MB more, and make the file a tenth smaller.
const GROUP_ROWS = 5_000;

/** Every usage event as Parquet. */
export const usageParquetFormat: ExportFormat = {
  id: 'usage-parquet',
  version: 3,
  describes: 'every usage event as Parquet',
  files: (context, sources) => [
    {
      name: `${fileStem(context, isPreliminary(context.directory))}-usage.parquet`,
      contentType: 'application/vnd.apache.parquet',
      pieces: () => parquetOf(sources.usage()),
    },
  ],
};

async function* parquetOf(rows: UsageRows): AsyncIterable<Uint8Array> {
  const bytes = new ByteWriter();
  const schema = schemaFromColumnData({ columnData: emptyGroup().map(({ source }) => source) });
  const writer = new ParquetWriter({ writer: bytes, schema, createdBy: 'Trunkline' });
  for await (const group of inGroups(rows)) {
    await writer.write({ columnData: group, rowGroupSize: GROUP_ROWS });
    yield taken(bytes);
  }
  await writer.finish();
  yield taken(bytes);
}

// Rows are taken apart as they come: a group of whole rows would hold several times its columns.
async function* inGroups(rows: UsageRows): AsyncIterable<ColumnSource[]> {
  let group = emptyGroup();
  let count = 0;
  for await (const batch of rows)
    for (const row of batch) {
      for (const { add } of group) add(row);
      count += 1;
      if (count < GROUP_ROWS) continue;
      yield group.map(({ source }) => source);
      [group, count] = [emptyGroup(), 0];
    }
  if (count > 0) yield group.map(({ source }) => source);
}

/** A column of a group that is being gathered. */
interface GatheredColumn {
  readonly source: ColumnSource;
  readonly add: (row: UsageRow) => void;
}

function emptyGroup(): readonly GatheredColumn[] {
  return USAGE_COLUMNS.map(({ name, kind, value }): GatheredColumn => {
    if (kind === 'integer') {
      const data: (bigint | null)[] = [];
      return { source: { name, type: 'INT64', nullable: true, data }, add: (row) => data.push(wholeOf(value(row))) };
    }
    const data: (string | null)[] = [];
    return { source: { name, type: 'STRING', nullable: true, data }, add: (row) => data.push(value(row)) };
  });
}

function wholeOf(text: string | null): bigint | null {
  return text === null ? null : BigInt(text);
}

/** What was written since the last time; the place in the file goes on counting. */
function taken(bytes: ByteWriter): Uint8Array {
  const piece = bytes.getBytes().slice();
  bytes.index = 0;
  return piece;
}
