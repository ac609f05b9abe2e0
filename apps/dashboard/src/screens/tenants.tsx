// The tenants, and the way from each to what it does.
import { Link } from 'wouter';
import type { TenantName } from '../api/types.js';
import { useWords } from '../i18n/use-words.js';
import { Page } from '../parts/page.js';
import { ReadTable } from '../parts/read-table.js';
import { useColumns } from '../parts/use-columns.js';
import { NewTenant } from './new-tenant.js';

interface TenantRow extends TenantName {
  readonly status: string;
  readonly sessionsMax: number | null;
  readonly createdAt: string;
}

/** The screen. */
export function Tenants() {
  const { t } = useWords();
  const c = useColumns();
  const columns = [
    c.text<TenantRow>('name', 'column.name', ({ name }) => name),
    c.text<TenantRow>('slug', 'column.slug', ({ slug }) => slug),
    c.text<TenantRow>('status', 'column.state', ({ status }) => status),
    c.number<TenantRow>('sessionsMax', 'tenants.sessionsMax', ({ sessionsMax }) => sessionsMax),
    c.time<TenantRow>('createdAt', 'column.created', ({ createdAt }) => createdAt),
    c.shown<TenantRow>(
      'links',
      'column.more',
      () => null,
      ({ slug }) => (
        <>
          <Link href={`/live?q=${slug}`}>{t('nav.live')}</Link> ·{' '}
          <Link href={`/keys?tenant=${slug}`}>{t('nav.keys')}</Link> ·{' '}
          <Link href={`/usage?tenant=${slug}`}>{t('nav.usage')}</Link> ·{' '}
          <Link href={`/periods?tenant=${slug}`}>{t('nav.periods')}</Link>
        </>
      ),
    ),
  ];
  return (
    <Page title={t('nav.tenants')}>
      <NewTenant />
      <ReadTable
        id="tenants"
        path="/tenants?limit=200"
        caption="nav.tenants"
        empty="tenants.none"
        columns={columns}
        rows={(answer: { readonly tenants: readonly TenantRow[] }) => answer.tenants}
        rowKey={({ id }) => id}
      />
    </Page>
  );
}
