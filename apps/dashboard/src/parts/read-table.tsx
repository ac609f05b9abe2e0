import type { ReactNode } from 'react';
import { useRead } from '../api/use-read.js';
import type { MessageKey } from '../i18n/language.js';
import { useWords } from '../i18n/use-words.js';
import { DataTable, type Column } from './data-table.js';
import { WhenLoaded } from './states.js';

interface ReadTableProps<Answer, Row> {
  readonly id: string;
  /** Below the API. */
  readonly path: string;
  readonly everyMs?: number;
  readonly caption: MessageKey;
  readonly empty: MessageKey;
  readonly columns: readonly Column<Row>[];
  readonly rows: (answer: Answer) => readonly Row[];
  readonly rowKey: (row: Row) => string;
  /** What stands above the table, of the same answer. */
  readonly above?: (answer: Answer) => ReactNode;
}

/** A table of what a route answers. */
export function ReadTable<Answer, Row>({
  path,
  everyMs,
  rows,
  above,
  caption,
  empty,
  ...table
}: ReadTableProps<Answer, Row>) {
  const { t } = useWords();
  const read = useRead<Answer>(path, everyMs);
  return (
    <WhenLoaded of={read}>
      {(answer) => (
        <>
          {above?.(answer)}
          <DataTable {...table} caption={t(caption)} empty={t(empty)} rows={rows(answer)} />
        </>
      )}
    </WhenLoaded>
  );
}
