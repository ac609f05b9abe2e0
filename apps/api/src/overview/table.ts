// A real table with caption and header cells, so that a screen reader can say where it is; a wide one scrolls in a box of
// its own that the keyboard can reach.
import { markup, type Html } from '@trunkline/platform/html';

/** A column. `number`: set flush right in figures of one width. */
export interface Column {
  readonly name: string;
  readonly kind?: 'number' | 'id';
}

/** A table; each row has one cell per column, the first of which names the row. */
export interface Table {
  /** Unique in the page. */
  readonly id: string;
  readonly caption: string;
  /** Beside the caption, when there is more to say. */
  readonly note: string | null;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
  /** Sums, below; only where there are rows. */
  readonly foot: readonly Cell[] | null;
  /** What to say instead when there are no rows. */
  readonly empty: string;
}

/** What stands in a cell. */
export type Cell = string | number | Html;

/** The table as markup. */
export function tableMarkup({ id, caption, note, columns, rows, foot, empty }: Table): Html {
  const head = columns.map((column) => markup`<th scope="col"${classOf(column)}>${column.name}</th>`);
  const nothing = markup`<tr><td class="empty" colspan="${columns.length}">${empty}</td></tr>`;
  const body = rows.length === 0 ? nothing : rows.map((cells) => rowMarkup(cells, columns));
  return markup`<div class="scroll" role="region" aria-labelledby="${id}" tabindex="0"><table>
<caption id="${id}">${caption}${note === null ? null : markup` <span>(${note})</span>`}</caption>
<thead><tr>${head}</tr></thead>
<tbody>${body}</tbody>
${foot === null || rows.length === 0 ? null : markup`<tfoot>${rowMarkup(foot, columns)}</tfoot>`}
</table></div>`;
}

function rowMarkup(cells: readonly Cell[], columns: readonly Column[]): Html {
  const written = cells.map((cell, i) => {
    const kind = classOf(columns[i]);
    return i === 0 ? markup`<th scope="row"${kind}>${cell}</th>` : markup`<td${kind}>${cell}</td>`;
  });
  return markup`<tr>${written}</tr>
`;
}

function classOf(column: Column | undefined): Html | null {
  return column?.kind === undefined ? null : markup` class="${column.kind}"`;
}
