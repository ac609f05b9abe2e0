// Exports: asks for one, shows how far each is, hands out its files.
import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useState } from 'react';
import { getJson, sendJson, withQuery } from '../api/request.js';
import { mayDo, useMe } from '../api/use-me.js';
import { useRead } from '../api/use-read.js';
import { useWords } from '../i18n/use-words.js';
import { DataTable, type Column } from '../parts/data-table.js';
import { Page } from '../parts/page.js';
import { WhenLoaded, wordsOf } from '../parts/states.js';
import { useColumns } from '../parts/use-columns.js';

const EVERY_MS = 2_000;

interface RunRow {
  readonly id: string;
  readonly format: string;
  readonly period: string;
  readonly status: string;
  readonly phase: string | null;
  readonly progressRows: number;
  readonly sha256: string | null;
  readonly requestedBy: string;
  readonly requestedAt: string;
  readonly finishedAt: string | null;
  readonly problem: string | null;
}
interface ExportsAnswer {
  readonly formats: readonly { readonly id: string; readonly describes: string }[];
  readonly exports: readonly RunRow[];
}
interface RunFiles {
  readonly links: readonly { readonly name: string; readonly href: string }[];
}

/** The screen. */
export function Exports() {
  const { t } = useWords();
  const me = useMe();
  const answer = useRead<ExportsAnswer>('/exports', EVERY_MS);
  const columns = useRunColumns();
  return (
    <Page title={t('nav.exports')}>
      <WhenLoaded of={answer}>
        {({ formats, exports }) => (
          <>
            {mayDo(me, 'exports:write') ? <Ask formats={formats} asked={() => void answer.refetch()} /> : null}
            <DataTable
              id="exports"
              caption={t('nav.exports')}
              columns={columns}
              rows={exports}
              rowKey={({ id }) => id}
              empty={t('exports.none')}
            />
          </>
        )}
      </WhenLoaded>
    </Page>
  );
}

function useRunColumns(): readonly Column<RunRow>[] {
  const c = useColumns();
  return [
    c.time('requestedAt', 'column.created', ({ requestedAt }) => requestedAt),
    c.text('format', 'exports.format', ({ format }) => format),
    c.text('period', 'column.month', ({ period }) => period),
    c.text('state', 'column.state', ({ status, phase, problem }) =>
      [status, phase, problem].filter(Boolean).join(': '),
    ),
    c.number('rows', 'exports.rows', ({ progressRows }) => progressRows),
    c.text('by', 'column.actor', ({ requestedBy }) => requestedBy),
    c.shown(
      'sha256',
      'exports.hash',
      ({ sha256 }) => sha256,
      ({ sha256 }) => (sha256 === null ? null : <code title={sha256}>{sha256.slice(0, 12)}…</code>),
    ),
    c.shown(
      'files',
      'exports.files',
      () => null,
      (run) => (run.finishedAt === null ? null : <Files id={run.id} />),
    ),
  ];
}

function Ask({ formats, asked }: { readonly formats: ExportsAnswer['formats']; readonly asked: () => void }) {
  const { t } = useWords();
  const [format, setFormat] = useState(formats[0]?.id ?? '');
  const [period, setPeriod] = useState(() => new Date().toISOString().slice(0, 7));
  const [error, setError] = useState('');
  const ask = async () => {
    setError('');
    await sendJson(withQuery('/exports', { format, period }), {}).then(asked, (failure: Error) =>
      setError(wordsOf(failure, t('state.offline'))),
    );
  };
  return (
    <div className="filters">
      <NativeSelect
        size="xs"
        label={t('exports.format')}
        value={format}
        data={formats.map(({ id, describes }) => ({ value: id, label: `${id}: ${describes}` }))}
        onChange={(event) => setFormat(event.currentTarget.value)}
      />
      <TextInput
        size="xs"
        type="month"
        label={t('column.month')}
        value={period}
        onChange={(event) => setPeriod(event.currentTarget.value)}
        error={error || undefined}
      />
      <Button size="xs" onClick={() => void ask()}>
        {t('exports.ask')}
      </Button>
    </div>
  );
}

// Links work for a quarter of an hour, so they are asked for when somebody wants them.
function Files({ id }: { readonly id: string }) {
  const { t } = useWords();
  const [files, setFiles] = useState<RunFiles['links'] | null>(null);
  const show = async () => setFiles((await getJson<RunFiles>(`/exports/${id}`)).links);
  if (files === null)
    return (
      <Button size="compact-xs" variant="default" onClick={() => void show()}>
        {t('exports.show')}
      </Button>
    );
  return files.map(({ name, href }) => (
    <a key={name} href={href} className="file">
      {name}
    </a>
  ));
}
