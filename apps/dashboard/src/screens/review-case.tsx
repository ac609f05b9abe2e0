// One item of the review queue: its session, what was found with scores, what was said (asked for by itself, as each reading is
// recorded), the steps of reviewers, and the next one. All texts are strangers': shown as text, each with a direction of its own.
import { useRead } from '../api/use-read.js';
import { useWords } from '../i18n/use-words.js';
import { DataTable } from '../parts/data-table.js';
import { WhenLoaded } from '../parts/states.js';
import { useColumns } from '../parts/use-columns.js';
import { ReviewContent } from './review-content.js';
import { ReviewSteps } from './review-steps.js';

/** An item as lists tell it. */
export interface ReviewItem {
  readonly id: string;
  readonly state: 'open' | 'assigned' | 'decided';
  readonly decision: string | null;
  readonly assignee: string | null;
  readonly direction: string | null;
  readonly opened_at: string;
  readonly session_id: string;
  readonly key_id: string;
  readonly end_user: string | null;
  readonly content_kind: string | null;
  readonly categories: readonly string[];
  readonly actions: readonly string[];
  readonly unjudged: readonly string[];
}

interface Finding {
  readonly id: string;
  readonly hook: string;
  readonly action: string;
  readonly categories: readonly { readonly category: string; readonly score: number }[];
  readonly failure: string | null;
  readonly content_kind: string;
  readonly policy_version: number;
  readonly occurred_at: string;
}

interface Step {
  readonly kind: 'assign' | 'decide' | 'note' | 'read';
  readonly actor: string;
  readonly at: string;
  readonly after: { readonly assignee: string | null; readonly decision: string | null };
  readonly note: string | null;
}

interface Case extends ReviewItem {
  readonly session: {
    readonly model: string | null;
    readonly opened_at: string | null;
    readonly closed_at: string | null;
    readonly end_cause: string | null;
  } | null;
  readonly findings: readonly Finding[];
  readonly events: readonly Step[];
}

/** The item with all that is known of it. */
export function ReviewCase({ tenant, id }: { readonly tenant: string; readonly id: string }) {
  const path = `/moderation/${tenant}/items/${encodeURIComponent(id)}`;
  const read = useRead<Case>(path);
  return (
    <WhenLoaded of={read}>
      {(item) => (
        <>
          <Facts item={item} />
          <Findings findings={item.findings} />
          <ReviewContent path={path} />
          <Steps steps={item.events} />
          <ReviewSteps path={path} item={item} />
        </>
      )}
    </WhenLoaded>
  );
}

function Facts({ item }: { readonly item: Case }) {
  const { t, time } = useWords();
  const { session } = item;
  const facts = [
    [t('column.state'), [item.state, item.decision].filter(Boolean).join(': ')],
    [t('reviews.assignee'), item.assignee],
    [t('column.created'), time(item.opened_at)],
    [t('reviews.actions'), item.actions.join(', ')],
    [t('reviews.unjudged'), item.unjudged.join(', ')],
    [t('reviews.direction'), [item.direction, item.content_kind].filter(Boolean).join(': ')],
    [t('live.session'), item.session_id],
    [t('column.key'), item.key_id],
    [t('reviews.endUser'), item.end_user],
    [t('column.model'), session?.model],
    [t('reviews.began'), session?.opened_at ? time(session.opened_at) : null],
    [t('reviews.ended'), session?.closed_at ? `${time(session.closed_at)} ${session.end_cause ?? ''}` : null],
  ];
  return (
    <section className="panel" aria-label={item.id}>
      <h2>{item.id}</h2>
      <dl className="facts">
        {facts.map(([name, value]) =>
          value ? (
            <div key={name}>
              <dt>{name}</dt>
              <dd>
                <bdi>{value}</bdi>
              </dd>
            </div>
          ) : null,
        )}
      </dl>
    </section>
  );
}

function Findings({ findings }: { readonly findings: readonly Finding[] }) {
  const { t } = useWords();
  const c = useColumns();
  const scores = ({ categories }: Finding) =>
    categories.map(({ category, score }) => `${category} ${score.toFixed(2)}`).join(', ');
  return (
    <DataTable
      id="findings"
      caption={t('reviews.findings')}
      columns={[
        c.time<Finding>('time', 'column.time', (row) => row.occurred_at),
        c.text<Finding>('hook', 'reviews.hook', ({ hook }) => hook),
        c.text<Finding>('scores', 'reviews.scores', scores),
        c.text<Finding>('action', 'reviews.actions', ({ action }) => action),
        c.text<Finding>('failure', 'reviews.unjudged', ({ failure }) => failure),
        c.text<Finding>('kind', 'reviews.kind', (row) => row.content_kind),
        c.number<Finding>('policy', 'reviews.policy', (row) => row.policy_version),
      ]}
      rows={findings}
      rowKey={({ id }) => id}
      empty={t('reviews.noFindings')}
    />
  );
}

function Steps({ steps }: { readonly steps: readonly Step[] }) {
  const { t, time } = useWords();
  const made = ({ kind, after }: Step) => {
    if (kind === 'assign') return after.assignee ?? t('reviews.nobody');
    return kind === 'decide' ? after.decision : null;
  };
  return (
    <section className="panel" aria-label={t('reviews.steps')}>
      <h2>{t('reviews.steps')}</h2>
      {steps.length === 0 ? <p className="muted">{t('reviews.noSteps')}</p> : null}
      {steps.map((step, i) => (
        <p key={i}>
          <time dateTime={step.at}>{time(step.at)}</time> <bdi>{step.actor}</bdi>: {t(`reviews.step.${step.kind}`)}{' '}
          <b>
            <bdi>{made(step)}</bdi>
          </b>{' '}
          <bdi>{step.note}</bdi>
        </p>
      ))}
    </section>
  );
}
