// What a reviewer does with an item: gives it to somebody, says something about it, decides. A note goes along with any step.
import { Button, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { sendJson } from '../api/request.js';
import { mayDo, useMe } from '../api/use-me.js';
import { useWords } from '../i18n/use-words.js';
import { Confirm } from '../parts/confirm.js';
import { wordsOf } from '../parts/states.js';

const DECISIONS = ['uphold', 'dismiss', 'escalate'] as const;

interface ReviewStepsProps {
  /** Of the item, below the API. */
  readonly path: string;
  readonly item: { readonly id: string; readonly state: string; readonly assignee: string | null };
}

/** The steps, for whom they are allowed. */
export function ReviewSteps({ path, item }: ReviewStepsProps) {
  const { t } = useWords();
  const me = useMe();
  const queries = useQueryClient();
  const [note, setNote] = useState('');
  const [assignee, setAssignee] = useState(me.name);
  const [asked, setAsked] = useState<(typeof DECISIONS)[number] | null>(null);
  const [error, setError] = useState('');
  if (!mayDo(me, 'reviews:write', 'any')) return null;
  const isDecided = item.state === 'decided';
  const take = async (step: string, body: object) => {
    await sendJson(`${path}/${step}`, note.trim() === '' ? body : { ...body, note });
    setNote('');
    await queries.invalidateQueries();
  };
  const takeNow = (step: string, body: object) => {
    setError('');
    take(step, body).catch((failure: unknown) =>
      setError(failure instanceof Error ? wordsOf(failure, t('state.offline')) : String(failure)),
    );
  };
  return (
    <section className="panel" aria-label={t('reviews.next')}>
      <h2>{t('reviews.next')}</h2>
      <TextInput
        size="xs"
        label={t('reviews.note')}
        maxLength={2_000}
        value={note}
        error={error || undefined}
        onChange={(event) => setNote(event.currentTarget.value)}
      />
      <div className="filters">
        <Button size="xs" variant="default" disabled={note.trim() === ''} onClick={() => takeNow('notes', {})}>
          {t('reviews.keepNote')}
        </Button>
        {DECISIONS.map((each) => (
          <Button key={each} size="xs" variant="default" onClick={() => setAsked(each)}>
            {t(`reviews.${each}`)}
          </Button>
        ))}
        {isDecided ? null : (
          <Assign
            assignee={assignee}
            setAssignee={setAssignee}
            isSomebodys={item.assignee !== null}
            assign={(to) => takeNow('assign', { assignee: to })}
          />
        )}
      </div>
      {asked === null ? null : (
        <Confirm
          title={t(`reviews.${asked}`)}
          what={t(isDecided ? 'reviews.wordsAgain' : 'reviews.words', { id: item.id })}
          typed={null}
          act={() => take('decide', { decision: asked, again: isDecided })}
          close={() => setAsked(null)}
        />
      )}
    </section>
  );
}

interface AssignProps {
  readonly assignee: string;
  readonly setAssignee: (name: string) => void;
  readonly isSomebodys: boolean;
  readonly assign: (to: string | null) => void;
}

function Assign({ assignee, setAssignee, isSomebodys, assign }: AssignProps) {
  const { t } = useWords();
  return (
    <>
      <TextInput
        size="xs"
        label={t('reviews.assignTo')}
        maxLength={200}
        value={assignee}
        onChange={(event) => setAssignee(event.currentTarget.value)}
      />
      <Button size="xs" variant="default" disabled={assignee.trim() === ''} onClick={() => assign(assignee)}>
        {t('reviews.assign')}
      </Button>
      {isSomebodys ? (
        <Button size="xs" variant="default" onClick={() => assign(null)}>
          {t('reviews.unassign')}
        </Button>
      ) : null}
    </>
  );
}
