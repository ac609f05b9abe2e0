// Prints a run as Markdown tables that also read well in a terminal.
import type { GoalRow } from './goals.js';
import type { Results } from './medians.js';

interface Column {
  title: string;
  cell: string;
  show(results: Results, lane: string): string;
}

/** Three digits are what medians of a few rounds carry. */
export function digits(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return '-';
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en-US').replaceAll(',', ' ');
  return String(+value.toPrecision(3));
}

/** A figure and, behind it, its ratio to nginx. */
function withRatio(cell: string, name: string): Column['show'] {
  return (results, lane) => {
    const value = results.figure(lane, cell, name);
    const ratio = results.ratio(lane, cell, name);
    return value === null ? '-' : `${digits(value)}${ratio === null ? '' : ` (${ratio.toFixed(2)})`}`;
  };
}

function plain(cell: string, ...names: string[]): Column['show'] {
  return (results, lane) => names.map((name) => digits(results.figure(lane, cell, name))).join(' / ');
}

const pacedColumns = (cell: string): Column[] => [
  { title: `${cell}: CPU us/message`, cell, show: withRatio(cell, 'cpuUsPerMessage') },
  { title: 'p50 / p99 us', cell, show: plain(cell, 'p50Us', 'p99Us') },
  { title: 'p99 us of usage frames', cell, show: plain(cell, 'usageP99Us') },
  { title: 'messages/s', cell, show: plain(cell, 'messagesPerSecond') },
  { title: 'busy: proxy / its database / load', cell, show: plain(cell, 'proxyBusy', 'asideBusy', 'loadBusy') },
];

const TABLES: readonly { title: string; columns: readonly Column[] }[] = [
  ...['voice-1000', 'voice-200', 'voice-50', 'unbilled-200', 'phone-200'].map((cell) => ({
    title: `Paced: ${cell}`,
    columns: pacedColumns(cell),
  })),
  {
    title: "Saturation: messages per second of proxy CPU (and as they came, with the proxy core's load)",
    columns: ['2.5KB', '216B', '16KB'].flatMap((cell): Column[] => [
      { title: cell, cell, show: withRatio(cell, 'messagesPerCpuSecond') },
      { title: 'raw, busy', cell, show: plain(cell, 'messagesPerSecond', 'proxyBusy') },
    ]),
  },
  {
    title: 'Handshakes and memory',
    columns: [
      {
        title: 'handshakes/s of proxy CPU',
        cell: 'handshakes',
        show: withRatio('handshakes', 'handshakesPerCpuSecond'),
      },
      { title: 'raw', cell: 'handshakes', show: plain('handshakes', 'handshakesPerSecond') },
      {
        title: 'KiB per idle session / without garbage',
        cell: 'idle-1000',
        show: plain('idle-1000', 'idleKiBPerSession', 'liveKiBPerSession'),
      },
      { title: 'KiB per active session', cell: 'voice-1000', show: plain('voice-1000', 'activeKiBPerSession') },
    ],
  },
  {
    title: "Slow consumers: growth of the proxy in KiB per slow session, neighbours' p99 in us",
    columns: [
      { title: 'p99 alone', cell: 'slow', show: plain('slow', 'neighboursAloneP99Us') },
      { title: 'slow reader: growth', cell: 'slow', show: plain('slow', 'slowReaderGrowthKiB') },
      { title: 'p99', cell: 'slow', show: plain('slow', 'slowReaderP99Us') },
      { title: 'slow upstream: growth', cell: 'slow', show: plain('slow', 'slowUpstreamGrowthKiB') },
      { title: 'p99', cell: 'slow', show: plain('slow', 'slowUpstreamP99Us') },
    ],
  },
];

/** All lanes side by side, one table per kind of measurement, only what was measured. */
export function laneTables(results: Results): string {
  const tables = TABLES.map(({ title, columns }) => {
    const shown = columns.filter((column) => results.has(column.cell));
    if (shown.length === 0) return null;
    const rows = results.lanes.map((lane) => [lane, ...shown.map((column) => column.show(results, lane))]);
    return `**${title}**\n\n${markdown(['lane', ...shown.map((column) => column.title)], rows)}`;
  });
  return tables.filter((table) => table !== null).join('\n\n');
}

/** The table of goals for one lane. */
export function goalTable(rows: readonly GoalRow[]): string {
  const verdict = (met: boolean | null): string => (met === null ? '-' : met ? 'yes' : 'NO');
  return markdown(
    ['#', 'what', 'measured', 'goal', 'met', 'stretch', 'met'],
    rows.map((row) => [
      row.id,
      row.what,
      row.value === null ? 'not measured' : `${digits(row.value)} ${row.unit}`.trim(),
      row.goal,
      verdict(row.met),
      row.stretch,
      verdict(row.stretchMet),
    ]),
  );
}

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(3, ...all.map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]): string =>
    `| ${widths.map((width, column) => (row[column] ?? '').padEnd(width)).join(' | ')} |`;
  return [line(head), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rows.map(line)].join('\n');
}
