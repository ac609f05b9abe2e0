// Our books against the vendor's, day by day, and what each difference is.
import { Button } from '@mantine/core';
import { useRead } from '../api/use-read.js';
import { useWords } from '../i18n/use-words.js';
import { DataTable } from '../parts/data-table.js';
import { Page } from '../parts/page.js';
import { ReadTable } from '../parts/read-table.js';
import { WhenLoaded } from '../parts/states.js';
import { useColumns } from '../parts/use-columns.js';
import { useQueryParam } from '../parts/use-query-param.js';

interface RunRow {
  readonly id: string;
  readonly poolId: string;
  readonly day: string;
  readonly stage: string;
  readonly oursCost: string;
  readonly theirsCost: string | null;
  readonly unexplained: string;
  readonly alarming: boolean;
  readonly classes: Readonly<Record<string, number>>;
  readonly notes: number;
}
interface Difference {
  readonly line: number;
  readonly class: string;
  readonly model: string | null;
  readonly meter: string | null;
  readonly ours: string;
  readonly theirs: string;
  readonly difference: string;
  readonly amount: string | null;
}
interface Note {
  readonly actor: string;
  readonly text: string;
  readonly notedAt: string;
}
interface RunAnswer {
  readonly differences: readonly Difference[];
  readonly notes: readonly Note[];
}

/** The screen. */
export function Reconciliation() {
  const { t } = useWords();
  const c = useColumns();
  const [run, setRun] = useQueryParam('run');
  const classes = (row: RunRow) =>
    Object.entries(row.classes)
      .map(([name, n]) => `${name} ${n}`)
      .join(', ');
  const columns = [
    c.text<RunRow>('day', 'column.day', ({ day }) => day),
    c.text<RunRow>('pool', 'column.pool', ({ poolId }) => poolId),
    c.text<RunRow>('stage', 'reconcile.stage', ({ stage }) => stage),
    c.shown<RunRow>(
      'alarming',
      'reconcile.result',
      ({ alarming }) => (alarming ? t('reconcile.alarming') : t('reconcile.fine')),
      ({ alarming }) => (
        <span className={alarming ? 'bad' : 'good'}>{alarming ? t('reconcile.alarming') : t('reconcile.fine')}</span>
      ),
    ),
    c.money<RunRow>('ours', 'reconcile.ours', ({ oursCost }) => oursCost),
    c.money<RunRow>('theirs', 'reconcile.theirs', ({ theirsCost }) => theirsCost),
    c.money<RunRow>('unexplained', 'reconcile.unexplained', ({ unexplained }) => unexplained),
    c.text<RunRow>('classes', 'reconcile.differences', classes),
    c.number<RunRow>('notes', 'reconcile.notes', ({ notes }) => notes),
    c.shown<RunRow>(
      'more',
      'column.more',
      () => null,
      ({ id }) => (
        <Button size="compact-xs" variant="default" onClick={() => setRun(id)}>
          {t('reconcile.show')}
        </Button>
      ),
    ),
  ];
  return (
    <Page title={t('nav.reconciliation')} about={t('reconcile.about')}>
      <ReadTable
        id="runs"
        path="/reconciliation"
        caption="reconcile.runs"
        empty="reconcile.none"
        columns={columns}
        rows={(answer: { readonly runs: readonly RunRow[] }) => answer.runs}
        rowKey={({ id }) => id}
      />
      {run === '' ? null : <Run id={run} />}
    </Page>
  );
}

function Run({ id }: { readonly id: string }) {
  const { t } = useWords();
  const c = useColumns();
  const answer = useRead<RunAnswer>(`/reconciliation/${encodeURIComponent(id)}`);
  const columns = [
    c.text<Difference>('class', 'reconcile.class', (row) => row.class),
    c.text<Difference>('model', 'column.model', ({ model }) => model),
    c.text<Difference>('meter', 'overview.meter', ({ meter }) => meter),
    c.number<Difference>('ours', 'reconcile.ours', ({ ours }) => ours),
    c.number<Difference>('theirs', 'reconcile.theirs', ({ theirs }) => theirs),
    c.number<Difference>('difference', 'reconcile.difference', ({ difference }) => difference),
    c.money<Difference>('amount', 'reconcile.amount', ({ amount }) => amount),
  ];
  return (
    <WhenLoaded of={answer}>
      {({ differences, notes }) => (
        <>
          <DataTable
            id="differences"
            caption={t('reconcile.differences')}
            columns={columns}
            rows={differences}
            rowKey={({ line }) => String(line)}
            empty={t('reconcile.equal')}
          />
          {notes.map(({ actor, text, notedAt }) => (
            <p key={`${notedAt} ${actor}`}>
              <bdi>{actor}</bdi>: <bdi>{text}</bdi> <span className="muted">{notedAt}</span>
            </p>
          ))}
        </>
      )}
    </WhenLoaded>
  );
}
