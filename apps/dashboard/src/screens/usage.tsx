// Usage and charges by time and by whatever one asks for: a chart, and the same as a table. All that was chosen is in the address.
import { NativeSelect, TextInput } from '@mantine/core';
import { addAmounts, formatAmount, largerAmount, parseAmount, shareOf, ZERO } from '@trunkline/kernel';
import { useMe, isTenantOnly } from '../api/use-me.js';
import { withQuery } from '../api/request.js';
import { useRead } from '../api/use-read.js';
import { useWords } from '../i18n/use-words.js';
import type { MessageKey } from '../i18n/language.js';
import { Bars, type Bar } from '../parts/bars.js';
import { DataTable, type Column } from '../parts/data-table.js';
import { Page } from '../parts/page.js';
import { WhenLoaded } from '../parts/states.js';
import { useColumns } from '../parts/use-columns.js';
import { useQueryParam } from '../parts/use-query-param.js';
import { rangeFor } from './usage-range.js';
import { TenantSelect, useTenant, useTenantNames } from '../parts/use-tenant.js';

const BUCKETS = ['hour', 'day', 'month', 'total'] as const;
const DIMENSIONS = [
  '',
  'tenant',
  'key',
  'pool',
  'model',
  'modality',
  'direction',
  'cache',
  'meter',
  'evidence',
] as const;

interface UsageRow {
  readonly bucket?: string;
  readonly quantity: Readonly<Record<string, string>>;
  readonly tenantCharge: string;
  readonly providerCost?: string;
  readonly events: number;
  readonly [dimension: string]: unknown;
}
interface UsageAnswer {
  readonly from: string;
  readonly to: string;
  readonly currency: string;
  readonly rows: readonly UsageRow[];
}

/** The screen. */
export function Usage() {
  const { t } = useWords();
  const [from, setFrom] = useQueryParam('from');
  const [to, setTo] = useQueryParam('to');
  const [bucket, setBucket] = useQueryParam('bucket', 'day');
  const [by, setBy] = useQueryParam('by', 'model');
  const [tenant] = useTenant(false);
  const range = rangeFor(bucket, { from, to }, new Date().toISOString().slice(0, 10));
  const answer = useRead<UsageAnswer>(withQuery('/usage/rollup', { ...range, bucket, by, tenant }));
  const date = (label: MessageKey, value: string, set: (value: string) => void) => (
    <TextInput
      size="xs"
      type="date"
      label={t(label)}
      value={value}
      onChange={(event) => set(event.currentTarget.value)}
    />
  );
  const choice = (label: MessageKey, value: string, [values, set]: [readonly string[], (value: string) => void]) => (
    <NativeSelect
      size="xs"
      label={t(label)}
      value={value}
      data={values.map((each) => ({ value: each, label: each === '' ? t('usage.by.nothing') : each }))}
      onChange={(event) => set(event.currentTarget.value)}
    />
  );
  return (
    <Page
      title={t('nav.usage')}
      about={answer.data && `${answer.data.from.slice(0, 10)} – ${answer.data.to.slice(0, 10)} UTC`}
    >
      <div className="filters">
        {date('filter.from', from, setFrom)}
        {date('filter.to', to, setTo)}
        {choice('usage.bucket', bucket, [BUCKETS, setBucket])}
        {choice('usage.by', by, [DIMENSIONS, setBy])}
        <TenantSelect />
      </div>
      <WhenLoaded of={answer}>
        {({ rows }) => (
          <>
            <Bars bars={barsOf(rows)} label={t('usage.chart')} />
            <UsageTable rows={rows} by={by} />
          </>
        )}
      </WhenLoaded>
    </Page>
  );
}

function UsageTable({ rows, by }: { readonly rows: readonly UsageRow[]; readonly by: string }) {
  const { t } = useWords();
  const me = useMe();
  const nameOf = useTenantNames();
  const c = useColumns();
  const textOf = (row: UsageRow) => {
    const value = row[by];
    if (typeof value !== 'string') return null;
    return by === 'tenant' ? nameOf(value) : value;
  };
  const columns: Column<UsageRow>[] = [
    c.text('bucket', 'column.time', ({ bucket = '' }) => bucket),
    ...(by === '' ? [] : [{ key: 'by', label: by, value: textOf }]),
    c.money(
      'charge',
      'overview.charge',
      ({ tenantCharge }) => tenantCharge,
      () => 'preliminary',
    ),
    ...(isTenantOnly(me)
      ? []
      : [c.money<UsageRow>('cost', 'overview.cost', ({ providerCost = null }) => providerCost)]),
    c.number('quantity', 'overview.quantity', ({ quantity }) =>
      Object.entries(quantity)
        .map(([unit, sum]) => `${sum} ${unit}`)
        .join(', '),
    ),
    c.number('events', 'overview.events', ({ events }) => events),
  ];
  const rowKey = (row: UsageRow) => `${row.bucket ?? ''} ${textOf(row) ?? ''}`;
  return (
    <DataTable
      id="usage"
      caption={t('nav.usage')}
      columns={columns}
      rows={rows}
      rowKey={rowKey}
      empty={t('usage.none')}
    />
  );
}

function barsOf(rows: readonly UsageRow[]): readonly Bar[] {
  const sums = new Map<string, typeof ZERO>();
  for (const { bucket = '', tenantCharge } of rows)
    sums.set(bucket, addAmounts(sums.get(bucket) ?? ZERO, parseAmount(tenantCharge) ?? ZERO));
  const highest = [...sums.values()].reduce(largerAmount, ZERO);
  return [...sums.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([label, sum]) => ({ label, height: shareOf(sum, highest), title: `${label}: ${formatAmount(sum)} USD` }));
}
