// The one table of the dashboard: sorts, filters and exports what is seen. Order and filter are in the address. A real table, so
// that a screen reader can say where it is. Our own sixty lines: a grid library would be a third of the first load.
import { Button, TextInput } from '@mantine/core';
import type { ReactNode } from 'react';
import { useWords } from '../i18n/use-words.js';
import { csvOf, type CellValue } from './csv.js';
import { rowMatches, sortedBy } from './sort-rows.js';
import { Empty } from './states.js';
import { useQueryParam } from './use-query-param.js';

/** A column. */
export interface Column<Row> {
  readonly key: string;
  readonly label: string;
  /** What is sorted, filtered and exported. */
  readonly value: (row: Row) => CellValue;
  /** What is shown, where that is more than the value. */
  readonly cell?: (row: Row) => ReactNode;
  /** Figures stand flush right. */
  readonly isNumber?: boolean;
}

interface DataTableProps<Row> {
  /** Names the table in the address and its file; unique on the screen. */
  readonly id: string;
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string;
  /** What to say when there are no rows at all. */
  readonly empty: ReactNode;
}

/** The table. */
export function DataTable<Row>({ id, caption, columns, rows, rowKey, empty }: DataTableProps<Row>) {
  const { t, count } = useWords();
  const [order, setOrder] = useQueryParam(`${id}.sort`);
  const [typed, setTyped] = useQueryParam(`${id}.q`);
  const cellsOf = (row: Row) => columns.map((column) => column.value(row));
  const valueOf = (row: Row, key: string) => columns.find((column) => column.key === key)?.value(row) ?? null;
  const seen = sortedBy(
    rows.filter((row) => rowMatches(cellsOf(row), typed)),
    order,
    valueOf,
  );
  const save = () =>
    saveFile(
      `${id}.csv`,
      csvOf(
        columns.map(({ label }) => label),
        seen.map(cellsOf),
      ),
    );
  return (
    <section className="table" aria-label={caption}>
      <div className="table-head">
        <h2>{caption}</h2>
        <span className="muted">{t('table.rows', { shown: count(seen.length), all: count(rows.length) })}</span>
        <TextInput
          size="xs"
          placeholder={t('table.filter')}
          aria-label={`${t('table.filter')}: ${caption}`}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
        <Button size="compact-sm" variant="default" disabled={seen.length === 0} onClick={save}>
          {t('table.export')}
        </Button>
      </div>
      {seen.length === 0 ? (
        <Empty>{rows.length === 0 ? empty : t('table.none')}</Empty>
      ) : (
        <div className="scroll" role="region" aria-label={caption} tabIndex={0}>
          <table>
            <Head columns={columns} order={order} setOrder={setOrder} />
            <tbody>
              {seen.map((row) => (
                <Row key={rowKey(row)} row={row} columns={columns} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

interface HeadProps<Row> {
  readonly columns: readonly Column<Row>[];
  readonly order: string;
  readonly setOrder: (order: string) => void;
}

function Head<Row>({ columns, order, setOrder }: HeadProps<Row>) {
  return (
    <thead>
      <tr>
        {columns.map(({ key, label, isNumber }) => {
          const sorted = order === key ? 'ascending' : order === `-${key}` ? 'descending' : 'none';
          return (
            <th key={key} scope="col" aria-sort={sorted} className={isNumber ? 'number' : ''}>
              <button type="button" className="sort" onClick={() => setOrder(sorted === 'ascending' ? `-${key}` : key)}>
                {label}
                <span aria-hidden>{sorted === 'ascending' ? ' ▲' : sorted === 'descending' ? ' ▼' : ''}</span>
              </button>
            </th>
          );
        })}
      </tr>
    </thead>
  );
}

function Row<Row>({ row, columns }: { readonly row: Row; readonly columns: readonly Column<Row>[] }) {
  return (
    <tr>
      {columns.map(({ key, value, cell, isNumber }) => (
        <td key={key} className={isNumber ? 'number' : ''}>
          {cell ? cell(row) : <bdi>{value(row) ?? ''}</bdi>}
        </td>
      ))}
    </tr>
  );
}

/** Hands a text to the browser as a file. */
export function saveFile(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/csv;charset=utf-8' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
