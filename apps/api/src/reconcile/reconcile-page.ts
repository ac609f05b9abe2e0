// Reconciliation as pages: the runs, and one run with its differences. Pure. Amounts and quantities as they are kept.
import type { DifferenceView, NoteView, RunView } from '@trunkline/reporting/adapters/prisma';
import { markup, type Html } from '@trunkline/platform/html';
import { page } from '../html/page.js';
import { tableMarkup } from '../overview/table.js';

const HOW = markup`Each UTC day is compared 1, 3 and 7 days after it. Nothing is booked by it: <span class="id">cli reconcile note</span> keeps what a person finds.`;

/** All runs, newest first. */
export function runsPage(runs: readonly RunView[]): string {
  return page({
    title: 'Reconciliation',
    subtitle: markup`Our books against the vendor's. <a href="/admin">Overview</a>`,
    main: markup`<p>${HOW}</p>
${tableMarkup({
  id: 'runs',
  caption: 'Days compared',
  note: null,
  columns: [
    { name: 'Day' },
    { name: 'Pool', kind: 'id' },
    { name: 'Stage' },
    { name: 'Result' },
    { name: 'Differences' },
    { name: 'Ours, USD', kind: 'number' },
    { name: 'Theirs, USD', kind: 'number' },
    { name: 'Unexplained, USD', kind: 'number' },
    { name: 'Notes', kind: 'number' },
  ],
  rows: runs.map((run) => [
    markup`<a href="/admin/reconciliation/${run.id}">${run.day}</a>`,
    run.poolId,
    run.stage,
    resultOf(run),
    Object.entries(run.classes)
      .map(([name, count]) => `${words(name)} ${count}`)
      .join(', ') || 'none',
    run.oursCost,
    run.theirsCost ?? 'not yet',
    run.unexplained,
    run.notes,
  ]),
  foot: null,
  empty: 'No day has been compared yet. Set OPENAI_ADMIN_KEY, or run: cli reconcile run.',
})}`,
    refreshSeconds: null,
  });
}

/** One run. */
export function runPage(run: RunView, differences: readonly DifferenceView[], notes: readonly NoteView[]): string {
  return page({
    title: `Reconciliation of ${run.day}`,
    subtitle: markup`Pool <span class="id">${run.poolId}</span>, ${run.stage}, run <span class="id">${run.id}</span>.
<a href="/admin/reconciliation">All days</a>`,
    main: markup`<dl class="figures">
<div><dt>Equal</dt><dd>${run.equal} of ${run.compared}</dd></div>
<div><dt>Result</dt><dd class="${run.alarming ? 'bad' : ''}">${resultOf(run)}</dd></div>
<div><dt>Unexplained, USD</dt><dd>${run.unexplained}</dd></div>
<div><dt>Usage not booked yet</dt><dd>${run.unbooked}</dd></div>
</dl>
${differencesTable(differences)}
${notesTable(notes)}`,
    refreshSeconds: null,
  });
}

function differencesTable(differences: readonly DifferenceView[]): Html {
  return tableMarkup({
    id: 'differences',
    caption: 'Differences',
    note: 'theirs minus ours',
    columns: [
      { name: 'Line', kind: 'number' },
      { name: 'Class' },
      { name: 'What' },
      { name: 'Key that is not ours', kind: 'id' },
      { name: 'Ours', kind: 'number' },
      { name: 'Of it estimated', kind: 'number' },
      { name: 'Theirs', kind: 'number' },
      { name: 'Difference', kind: 'number' },
      { name: 'Amount, USD', kind: 'number' },
    ],
    rows: differences.map((each) => [
      each.line,
      words(each.class),
      each.lineItem ?? `${each.model ?? ''} ${each.meter ?? ''}`,
      each.upstreamKeyId ?? '',
      each.ours,
      each.estimated,
      each.theirs,
      each.difference,
      each.amount ?? 'no price',
    ]),
    foot: null,
    empty: 'Both books are equal.',
  });
}

function notesTable(notes: readonly NoteView[]): Html {
  return tableMarkup({
    id: 'notes',
    caption: 'Notes',
    note: null,
    columns: [{ name: 'When' }, { name: 'Who' }, { name: 'Line', kind: 'number' }, { name: 'Text' }],
    rows: notes.map((note) => [note.notedAt, note.actor, note.line ?? 'all', note.text]),
    foot: null,
    empty: 'Nobody has said anything.',
  });
}

function resultOf({ alarming, classes }: RunView): string {
  if ((classes['foreign_use'] ?? 0) > 0) return 'FOREIGN USE';
  return alarming ? 'above the threshold' : 'agrees';
}

function words(name: string): string {
  return name.replaceAll('_', ' ');
}
