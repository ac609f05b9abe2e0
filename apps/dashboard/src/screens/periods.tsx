// The months of tenants, from open to closed: where each stands, what stands in the way, its statement.
import { Button, NativeSelect } from '@mantine/core';
import { useState } from 'react';
import { withQuery } from '../api/request.js';
import type { PeriodRow } from '../api/types.js';
import { useRead } from '../api/use-read.js';
import { useWords } from '../i18n/use-words.js';
import { DataTable } from '../parts/data-table.js';
import { Money } from '../parts/money.js';
import { Page } from '../parts/page.js';
import { WhenLoaded } from '../parts/states.js';
import { useColumns } from '../parts/use-columns.js';
import { useQueryParam } from '../parts/use-query-param.js';
import { TenantSelect, useTenant, useTenants } from '../parts/use-tenant.js';
import { PeriodSteps } from './period-steps.js';

interface Check {
  readonly check: string;
  readonly state: string;
  readonly detail: string;
}

const CHARGE = 'tenant_charge/usage';

/** The screen. */
export function Periods() {
  const { t } = useWords();
  const [tenant] = useTenant(false);
  const [status, setStatus] = useQueryParam('status');
  const tenants = useTenants();
  const [open, setOpen] = useState<PeriodRow | null>(null);
  const c = useColumns();
  const periods = useRead<{ readonly periods: readonly PeriodRow[] }>(withQuery('/periods', { tenant }));
  const named = (id: string) => tenants.find((each) => each.id === id);
  const columns = [
    c.text<PeriodRow>('period', 'column.month', ({ period }) => period),
    c.text<PeriodRow>('tenant', 'column.tenant', ({ tenantId }) => named(tenantId)?.name ?? tenantId),
    c.text<PeriodRow>('status', 'column.state', (row) => row.status),
    c.text<PeriodRow>('closedBy', 'periods.closedBy', ({ closedBy, closeRequestedBy }) => closedBy ?? closeRequestedBy),
    c.time<PeriodRow>('closedAt', 'periods.closedAt', ({ closedAt }) => closedAt),
    c.shown<PeriodRow>(
      'more',
      'column.more',
      () => null,
      (row) => (
        <>
          <a href={`/admin/statements/${row.period}/tenants/${named(row.tenantId)?.slug ?? row.tenantId}`}>
            {t('periods.statement')}
          </a>{' '}
          <Button size="compact-xs" variant="default" onClick={() => setOpen(row)}>
            {t('periods.checklist')}
          </Button>
        </>
      ),
    ),
  ];
  const seen = (rows: readonly PeriodRow[]) => rows.filter((row) => status === '' || row.status === status);
  return (
    <Page title={t('nav.periods')}>
      <div className="filters">
        <TenantSelect />
        <NativeSelect
          size="xs"
          label={t('column.state')}
          value={status}
          data={[{ value: '', label: t('filter.all') }, 'open', 'soft_closed', 'closed']}
          onChange={(event) => setStatus(event.currentTarget.value)}
        />
      </div>
      <WhenLoaded of={periods}>
        {(answer) => (
          <DataTable
            id="periods"
            caption={t('nav.periods')}
            columns={columns}
            rows={seen(answer.periods)}
            rowKey={({ tenantId, period }) => `${tenantId} ${period}`}
            empty={t('periods.none')}
          />
        )}
      </WhenLoaded>
      {open === null ? null : <Checklist row={open} tenant={named(open.tenantId)?.slug ?? open.tenantId} />}
    </Page>
  );
}

function Checklist({ row, tenant }: { readonly row: PeriodRow; readonly tenant: string }) {
  const { t } = useWords();
  const c = useColumns();
  const query = { tenant };
  const checks = useRead<{ readonly checklist: readonly Check[] }>(
    withQuery(`/periods/${row.period}/checklist`, query),
  );
  const period = useRead<PeriodRow>(withQuery(`/periods/${row.period}`, query));
  const columns = [
    c.text<Check>('check', 'periods.check', ({ check }) => check),
    c.shown<Check>(
      'state',
      'column.state',
      ({ state }) => state,
      ({ state }) => <span className={state === 'ok' ? 'good' : state === 'waived' ? 'warn' : 'bad'}>{state}</span>,
    ),
    c.text<Check>('detail', 'column.what', ({ detail }) => detail),
  ];
  const caption = t('periods.checklistOf', { period: row.period, tenant });
  return (
    <section className="panel" aria-label={caption}>
      <WhenLoaded of={period}>
        {(now) => (
          <p>
            {t('periods.charged')}{' '}
            <Money amount={now.totals?.booked[CHARGE] ?? '0'} mark={now.status === 'closed' ? null : 'preliminary'} />{' '}
            {now.chainHead === null ? null : <code>{now.chainHead}</code>}
          </p>
        )}
      </WhenLoaded>
      <PeriodSteps row={row} tenant={tenant} />
      <WhenLoaded of={checks}>
        {({ checklist }) => (
          <DataTable
            id="checks"
            caption={caption}
            columns={columns}
            rows={checklist}
            rowKey={({ check }) => check}
            empty={t('periods.none')}
          />
        )}
      </WhenLoaded>
    </section>
  );
}
