// What moderation found and a person has to look at. The list says no word of any caller; a case does when it is asked to.
import { Button, NativeSelect } from '@mantine/core';
import { useWords } from '../i18n/use-words.js';
import type { Column } from '../parts/data-table.js';
import { Page } from '../parts/page.js';
import { ReadTable } from '../parts/read-table.js';
import { useColumns } from '../parts/use-columns.js';
import { useQueryParam } from '../parts/use-query-param.js';
import { TenantSelect, useTenant } from '../parts/use-tenant.js';
import { withQuery } from '../api/request.js';
import { ReviewCase, type ReviewItem } from './review-case.js';

/** The screen: the queue, or the one item that the address names. */
export function Reviews() {
  const { t } = useWords();
  const [tenant] = useTenant(true);
  const [item, openItem] = useQueryParam('item');
  return (
    <Page
      title={t('nav.reviews')}
      actions={
        item === '' ? null : (
          <Button size="xs" variant="default" onClick={() => openItem('')}>
            {t('reviews.back')}
          </Button>
        )
      }
    >
      {item === '' ? <Queue open={openItem} /> : null}
      {item === '' || tenant === '' ? null : <ReviewCase key={item} tenant={tenant} id={item} />}
    </Page>
  );
}

function Queue({ open }: { readonly open: (id: string) => void }) {
  const { t } = useWords();
  const [tenant] = useTenant(true);
  const [state, setState] = useQueryParam('state');
  const columns = useItemColumns(open);
  return (
    <>
      <div className="filters">
        <TenantSelect needed />
        <NativeSelect
          size="xs"
          label={t('column.state')}
          value={state}
          data={[{ value: '', label: t('reviews.waiting') }, 'open', 'assigned', 'decided']}
          onChange={(event) => setState(event.currentTarget.value)}
        />
      </div>
      {tenant === '' ? null : (
        <ReadTable
          id="reviews"
          path={withQuery(`/moderation/${tenant}/items`, { state })}
          caption="nav.reviews"
          empty="reviews.none"
          columns={columns}
          rows={(answer: { readonly items: readonly ReviewItem[] }) => answer.items}
          rowKey={({ id }) => id}
        />
      )}
    </>
  );
}

function useItemColumns(open: (id: string) => void): readonly Column<ReviewItem>[] {
  const { t } = useWords();
  const c = useColumns();
  return [
    c.time<ReviewItem>('opened', 'column.created', (row) => row.opened_at),
    c.text<ReviewItem>('state', 'column.state', (row) => [row.state, row.decision].filter(Boolean).join(': ')),
    c.text<ReviewItem>('categories', 'reviews.categories', ({ categories }) => categories.join(', ')),
    c.text<ReviewItem>('actions', 'reviews.actions', ({ actions }) => actions.join(', ')),
    c.text<ReviewItem>('direction', 'reviews.direction', ({ direction }) => direction),
    c.text<ReviewItem>('assignee', 'reviews.assignee', ({ assignee }) => assignee),
    c.text<ReviewItem>('session', 'live.session', (row) => row.session_id),
    c.shown<ReviewItem>(
      'more',
      'column.more',
      () => null,
      ({ id }) => (
        <Button size="compact-xs" variant="default" onClick={() => open(id)}>
          {t('reviews.open')}
        </Button>
      ),
    ),
  ];
}
