// How full the pools are, what is open, what was used and charged today, and whether the books keep up.
import type { MeterSum, OverviewAnswer, PoolTotals, TenantCost } from '../api/types.js';
import { useRead } from '../api/use-read.js';
import { useWords } from '../i18n/use-words.js';
import { DataTable, type Column } from '../parts/data-table.js';
import { Money } from '../parts/money.js';
import { Page } from '../parts/page.js';
import { WhenLoaded } from '../parts/states.js';

const EVERY_MS = 5_000;

/** The screen. */
export function Overview() {
  const { t } = useWords();
  const answer = useRead<OverviewAnswer>('/overview', EVERY_MS);
  const about = answer.data && t('overview.asOf', { time: answer.data.asOf.slice(0, 19).replace('T', ' ') });
  return (
    <Page title={t('nav.overview')} about={about}>
      <WhenLoaded of={answer}>
        {(data) => (
          <>
            <Figures answer={data} />
            <Pools answer={data} />
            <Costs answer={data} />
            <Usage answer={data} />
          </>
        )}
      </WhenLoaded>
    </Page>
  );
}

function Figures({ answer }: { readonly answer: OverviewAnswer }) {
  const { t, count } = useWords();
  const { pending, stuck } = answer.ledger;
  return (
    <dl className="figures">
      <div>
        <dt>{t('overview.open')}</dt>
        <dd>{count(answer.openSessions)}</dd>
      </div>
      <div>
        <dt>{t('overview.charged')}</dt>
        <dd>
          <Money amount={answer.chargedToday} currency={answer.currency} />
        </dd>
      </div>
      <div>
        <dt>{t('overview.pending')}</dt>
        <dd>{count(pending)}</dd>
      </div>
      <div>
        <dt>{t('overview.stuck')}</dt>
        <dd className={stuck > 0 ? 'bad' : ''}>{count(stuck)}</dd>
      </div>
    </dl>
  );
}

function Pools({ answer }: { readonly answer: OverviewAnswer }) {
  const { t } = useWords();
  const columns: readonly Column<PoolTotals>[] = [
    { key: 'pool', label: t('column.pool'), value: ({ pool }) => pool },
    { key: 'status', label: t('column.state'), value: ({ status }) => status },
    { key: 'used', label: t('overview.pools.used'), value: ({ used }) => used, isNumber: true },
    {
      key: 'cap',
      label: t('overview.pools.cap'),
      value: ({ cap }) => cap,
      cell: ({ cap }) => cap ?? t('overview.pools.noCap'),
      isNumber: true,
    },
    { key: 'waiting', label: t('overview.pools.waiting'), value: ({ waiting }) => waiting, isNumber: true },
  ];
  return (
    <DataTable
      id="pools"
      caption={t('overview.pools')}
      columns={columns}
      rows={answer.pools ?? []}
      rowKey={({ pool }) => pool}
      empty={answer.poolsProblem ?? t('overview.noPools')}
    />
  );
}

function Costs({ answer }: { readonly answer: OverviewAnswer }) {
  const { t } = useWords();
  const { currency } = answer;
  const columns: readonly Column<TenantCost>[] = [
    { key: 'tenant', label: t('column.tenant'), value: ({ tenant }) => tenant?.name ?? null },
    {
      key: 'charge',
      label: t('overview.charge'),
      value: ({ tenantCharge }) => tenantCharge,
      cell: ({ tenantCharge }) => <Money amount={tenantCharge} currency={currency} mark="preliminary" />,
      isNumber: true,
    },
    {
      key: 'estimated',
      label: t('overview.estimated'),
      value: ({ estimatedCharge }) => estimatedCharge,
      cell: ({ estimatedCharge }) => <Money amount={estimatedCharge} currency={currency} />,
      isNumber: true,
    },
    {
      key: 'cost',
      label: t('overview.cost'),
      value: ({ providerCost }) => providerCost,
      cell: ({ providerCost }) => <Money amount={providerCost} currency={currency} />,
      isNumber: true,
    },
    { key: 'events', label: t('overview.events'), value: ({ events }) => events, isNumber: true },
  ];
  return (
    <DataTable
      id="costs"
      caption={t('overview.costs')}
      columns={columns}
      rows={answer.costs}
      rowKey={({ tenant }) => tenant?.id ?? ''}
      empty={t('overview.noCosts')}
    />
  );
}

function Usage({ answer }: { readonly answer: OverviewAnswer }) {
  const { t } = useWords();
  const quantity = (key: 'quantity' | 'estimated' | 'unbooked'): Column<MeterSum> => ({
    key,
    label: t(`overview.${key}`),
    value: (row) => row[key],
    cell: (row) => `${row[key]} ${row.unit}`,
    isNumber: true,
  });
  const columns: readonly Column<MeterSum>[] = [
    { key: 'meter', label: t('overview.meter'), value: ({ meter }) => meter },
    quantity('quantity'),
    quantity('estimated'),
    quantity('unbooked'),
  ];
  return (
    <DataTable
      id="usage"
      caption={t('overview.usage')}
      columns={columns}
      rows={answer.usage}
      rowKey={({ meter }) => meter}
      empty={t('overview.noUsage')}
    />
  );
}
