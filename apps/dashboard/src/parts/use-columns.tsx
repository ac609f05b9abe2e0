// Columns by what they show, so that a screen says only which field stands under which word.
import { useMemo, type ReactNode } from 'react';
import { useWords } from '../i18n/use-words.js';
import type { MessageKey } from '../i18n/language.js';
import type { CellValue } from './csv.js';
import type { Column } from './data-table.js';
import { Money, type MoneyMark } from './money.js';

/** Makes columns with words of the chosen language. */
export interface Columns {
  readonly text: <Row>(key: string, label: MessageKey, value: (row: Row) => CellValue) => Column<Row>;
  /** A figure that is no money. */
  readonly number: <Row>(key: string, label: MessageKey, value: (row: Row) => CellValue) => Column<Row>;
  /** A decimal of US dollars. */
  readonly money: <Row>(
    key: string,
    label: MessageKey,
    value: (row: Row) => string | null,
    mark?: (row: Row) => MoneyMark | null,
  ) => Column<Row>;
  /** An instant in UTC. */
  readonly time: <Row>(key: string, label: MessageKey, value: (row: Row) => string | null) => Column<Row>;
  /** What shows more than it sorts by: links, buttons. */
  readonly shown: <Row>(
    key: string,
    label: MessageKey,
    value: (row: Row) => CellValue,
    cell: (row: Row) => ReactNode,
  ) => Column<Row>;
}

/** The makers. */
export function useColumns(): Columns {
  const { t, time } = useWords();
  return useMemo(
    (): Columns => ({
      text: (key, label, value) => ({ key, label: t(label), value }),
      number: (key, label, value) => ({ key, label: t(label), value, isNumber: true }),
      money: (key, label, value, mark) => ({
        ...{ key, label: t(label), value, isNumber: true },
        cell: (row) => <Money amount={value(row)} mark={mark?.(row) ?? null} />,
      }),
      time: (key, label, value) => ({
        ...{ key, label: t(label), value },
        cell: (row) => {
          const at = value(row);
          return at === null ? null : <time dateTime={at}>{time(at)}</time>;
        },
      }),
      shown: (key, label, value, cell) => ({ key, label: t(label), value, cell }),
    }),
    [t, time],
  );
}
