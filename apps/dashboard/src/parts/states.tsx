// What a screen shows when there is nothing to show: it loads, it failed, there is nothing, or what is there is old.
import { Alert, Button, Loader } from '@mantine/core';
import type { ReactNode } from 'react';
import { ApiProblem } from '../api/request.js';
import { useWords } from '../i18n/use-words.js';

/** What a query hook gives, as far as screens look at it. */
export interface Loaded<T> {
  readonly data: T | undefined;
  readonly error: Error | null;
  readonly refetch: () => unknown;
}

interface WhenLoadedProps<T> {
  readonly of: Loaded<T>;
  readonly children: (data: T) => ReactNode;
}

/** Shows what was read; while it cannot be read again, the last of it, marked as old. */
export function WhenLoaded<T>({ of: { data, error, refetch }, children }: WhenLoadedProps<T>) {
  const { t } = useWords();
  if (data === undefined) return error === null ? <Loading /> : <Failed error={error} again={() => void refetch()} />;
  return (
    <>
      {error === null ? null : (
        <Alert color="yellow" role="status" title={t('state.stale')} mb="md">
          {wordsOf(error, t('state.offline'))}
        </Alert>
      )}
      {children(data)}
    </>
  );
}

/** It loads. */
export function Loading() {
  const { t } = useWords();
  return (
    <p role="status" className="state">
      <Loader size="sm" aria-hidden /> {t('state.loading')}
    </p>
  );
}

/** It failed: what to do, and what to quote. */
export function Failed({ error, again }: { readonly error: Error; readonly again: () => void }) {
  const { t } = useWords();
  return (
    <Alert color="red" role="alert" title={t('state.failed')}>
      <p>{wordsOf(error, t('state.offline'))}</p>
      {error instanceof ApiProblem && error.requestId !== null ? (
        <p>
          {t('state.request')} <code>{error.requestId}</code>
        </p>
      ) : null}
      <Button size="compact-sm" variant="default" onClick={again}>
        {t('state.again')}
      </Button>
    </Alert>
  );
}

/** There is nothing, and why that is fine or what to do. */
export function Empty({ children }: { readonly children: ReactNode }) {
  return <p className="state muted">{children}</p>;
}

/** The words of an error for a person. */
export function wordsOf(error: Error, offline: string): string {
  if (!(error instanceof ApiProblem)) return error.message;
  return error.code === 'offline' ? offline : error.detail;
}
