// What a talk looks like: figures, lines and events.
import { useWords } from '../../i18n/use-words.js';
import { Money } from '../../parts/money.js';
import { Empty } from '../../parts/states.js';
import { useFeed } from '../live/use-feed.js';
import type { Talk } from './talk-state.js';

/** How long the answer took, what was used, and what the ledger has of it. */
export function TalkCost({
  talk,
  keyId,
  since,
}: {
  readonly talk: Talk;
  readonly keyId: string;
  readonly since: string | null;
}) {
  const { t, count } = useWords();
  const { board } = useFeed(since === null);
  // The newest of the key that opened after this talk began: nobody else was handed this secret.
  const session = [...(board?.sessions.values() ?? [])].find(
    (one) => one.keyId === keyId && since !== null && one.openedAt >= since,
  );
  return (
    <dl className="figures">
      <div>
        <dt>{t('playground.latency')}</dt>
        <dd>{talk.latencyMs === null ? '–' : `${count(Math.round(talk.latencyMs))} ms`}</dd>
      </div>
      <div>
        <dt>{t('playground.tokens')}</dt>
        <dd>
          {count(talk.tokens.input)} / {count(talk.tokens.output)}
        </dd>
      </div>
      <div>
        <dt>{t('live.cost')}</dt>
        <dd>
          <Money amount={session?.cost ?? '0'} mark="preliminary" />
        </dd>
      </div>
    </dl>
  );
}

/** Who said what, and which events came. */
export function TalkLines({ talk }: { readonly talk: Talk }) {
  const { t } = useWords();
  return (
    <div className="talk">
      <section className="panel" aria-label={t('playground.transcript')}>
        <h2>{t('playground.transcript')}</h2>
        {talk.problem === null ? null : <p className="bad">{talk.problem}</p>}
        <div aria-live="polite">
          {talk.lines.length === 0 ? <Empty>{t('playground.nothing')}</Empty> : null}
          {talk.lines.map(({ id, who, text }) => (
            <p key={id}>
              <b>{t(`playground.${who}`)}</b> <bdi>{text}</bdi>
            </p>
          ))}
        </div>
      </section>
      <section className="panel" aria-label={t('playground.events')}>
        <h2>{t('playground.events')}</h2>
        <ol className="events" tabIndex={0}>
          {talk.events.map(({ n, type }) => (
            <li key={n}>
              <code>{type}</code>
            </li>
          ))}
        </ol>
      </section>
    </div>
  );
}
