// The record of changes: who did what, from where, before and after; and whether it is whole.
import { Button, TextInput } from '@mantine/core';
import { useState } from 'react';
import { API, getJson, withQuery } from '../api/request.js';
import { useWords } from '../i18n/use-words.js';
import { Page } from '../parts/page.js';
import { ReadTable } from '../parts/read-table.js';
import { useColumns } from '../parts/use-columns.js';
import { useQueryParam } from '../parts/use-query-param.js';

interface EntryRow {
  readonly sequence: string;
  readonly at: string;
  readonly action: string;
  readonly actor: { readonly kind: string; readonly name: string };
  readonly origin: { readonly ip: string | null; readonly requestId: string | null };
  readonly object: { readonly kind: string; readonly id: string };
  readonly before: unknown;
  readonly after: unknown;
}
interface Verdict {
  readonly whole: boolean;
  readonly entries?: string;
  readonly brokenAt?: string;
}

/** The screen. */
export function Audit() {
  const { t } = useWords();
  const c = useColumns();
  const [kind, setKind] = useQueryParam('kind');
  const [verdict, setVerdict] = useState<Verdict | null>(null);
  const json = (value: unknown) => (value === null ? null : JSON.stringify(value));
  const columns = [
    c.number<EntryRow>('sequence', 'audit.number', ({ sequence }) => sequence),
    c.time<EntryRow>('at', 'column.time', ({ at }) => at),
    c.text<EntryRow>('actor', 'column.actor', ({ actor }) => `${actor.name} (${actor.kind})`),
    c.text<EntryRow>('action', 'audit.action', ({ action }) => action),
    c.text<EntryRow>('object', 'audit.object', ({ object }) => `${object.kind} ${object.id}`),
    c.shown<EntryRow>(
      'before',
      'audit.before',
      ({ before }) => json(before),
      ({ before }) => <Json text={json(before)} />,
    ),
    c.shown<EntryRow>(
      'after',
      'audit.after',
      ({ after }) => json(after),
      ({ after }) => <Json text={json(after)} />,
    ),
    c.text<EntryRow>('from', 'audit.from', ({ origin }) => origin.ip),
  ];
  const actions = (
    <>
      <Button
        size="compact-sm"
        variant="default"
        onClick={() => void getJson<Verdict>('/audit/verify').then(setVerdict)}
      >
        {t('audit.verify')}
      </Button>
      <a href={`${API}/audit/export?as=csv`}>{t('audit.export')}</a>
    </>
  );
  return (
    <Page title={t('nav.audit')} actions={actions}>
      {verdict === null ? null : (
        <p role="status" className={verdict.whole ? 'good' : 'bad'}>
          {verdict.whole
            ? t('audit.whole', { entries: verdict.entries ?? '0' })
            : t('audit.broken', { at: verdict.brokenAt ?? '' })}
        </p>
      )}
      <div className="filters">
        <TextInput
          size="xs"
          label={t('audit.kind')}
          value={kind}
          onChange={(event) => setKind(event.currentTarget.value)}
        />
      </div>
      <ReadTable
        id="audit"
        path={withQuery('/audit', { kind, limit: '500' })}
        caption="nav.audit"
        empty="audit.none"
        columns={columns}
        rows={(answer: { readonly entries: readonly EntryRow[] }) => answer.entries}
        rowKey={({ sequence }) => sequence}
      />
    </Page>
  );
}

function Json({ text }: { readonly text: string | null }) {
  return text === null ? null : (
    <code className="json" tabIndex={0}>
      {text}
    </code>
  );
}
