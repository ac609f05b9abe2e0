// What was said around what was found, where the policy keeps it. Shown when somebody asks, never by itself: each reading is
// recorded with the item.
import { Button } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { sendJson } from '../api/request.js';
import { mayDo, useMe } from '../api/use-me.js';
import { useWords } from '../i18n/use-words.js';
import { wordsOf } from '../parts/states.js';

interface Excerpt {
  readonly finding_id: string;
  readonly hook: string | null;
  readonly state: 'kept' | 'erased' | 'unreadable';
  readonly text: string | null;
}

/** The excerpts. @param path of the item, below the API */
export function ReviewContent({ path }: { readonly path: string }) {
  const { t } = useWords();
  const me = useMe();
  const queries = useQueryClient();
  const [excerpts, setExcerpts] = useState<readonly Excerpt[] | null>(null);
  const [error, setError] = useState('');
  if (!mayDo(me, 'content:read', 'any')) return null;
  const read = async () => {
    setError('');
    try {
      const { content } = await sendJson<{ readonly content: readonly Excerpt[] }>(`${path}/content`, {});
      setExcerpts(content);
      await queries.invalidateQueries();
    } catch (failure) {
      setError(failure instanceof Error ? wordsOf(failure, t('state.offline')) : String(failure));
    }
  };
  return (
    <section className="panel" aria-label={t('reviews.content')}>
      <h2>{t('reviews.content')}</h2>
      {excerpts === null ? (
        <>
          <p className="muted">{t('reviews.content.recorded')}</p>
          <Button size="compact-sm" variant="default" onClick={() => void read()}>
            {t('reviews.content.show')}
          </Button>
        </>
      ) : null}
      {excerpts?.length === 0 ? <p className="muted">{t('reviews.content.none')}</p> : null}
      {excerpts?.map((each) => (
        <figure key={each.finding_id} className="excerpt">
          <figcaption className="muted">
            <bdi>{each.hook}</bdi>
          </figcaption>
          {each.text === null ? (
            <p className="muted">
              {t(each.state === 'unreadable' ? 'reviews.content.unreadable' : 'reviews.content.erased')}
            </p>
          ) : (
            <blockquote dir="auto">{each.text}</blockquote>
          )}
        </figure>
      ))}
      {error === '' ? null : (
        <p role="alert" className="bad">
          {error}
        </p>
      )}
    </section>
  );
}
