// The home of who builds an app: how to connect, what one may use, what one used, and what every error means.
import { NativeSelect } from '@mantine/core';
import { ERRORS } from '@trunkline/kernel';
import { withQuery } from '../../api/request.js';
import { useMe } from '../../api/use-me.js';
import { useRead } from '../../api/use-read.js';
import { useWords } from '../../i18n/use-words.js';
import { DataTable } from '../../parts/data-table.js';
import { Page } from '../../parts/page.js';
import { WhenLoaded } from '../../parts/states.js';
import { useColumns } from '../../parts/use-columns.js';
import { useQueryParam } from '../../parts/use-query-param.js';
import { TenantSelect, useTenant } from '../../parts/use-tenant.js';
import { SNIPPETS } from './snippets.js';

const UNKNOWN_GATEWAY = 'https://your-gateway';

/** The screen. */
export function Developer() {
  const { t } = useWords();
  return (
    <Page title={t('nav.developer')}>
      <Connect />
      <OwnUsage />
      <Errors />
    </Page>
  );
}

function Connect() {
  const { t } = useWords();
  const { gatewayUrl } = useMe();
  const [sdk, setSdk] = useQueryParam('sdk', SNIPPETS[0]?.id ?? '');
  const base = `${gatewayUrl ?? UNKNOWN_GATEWAY}/v1`;
  const snippet = SNIPPETS.find(({ id }) => id === sdk) ?? SNIPPETS[0];
  return (
    <section className="panel" aria-label={t('developer.connect')}>
      <h2>{t('developer.connect')}</h2>
      <p>
        {t('developer.base')} <code>{base}</code>
      </p>
      <NativeSelect
        size="xs"
        label="SDK"
        value={sdk}
        data={SNIPPETS.map(({ id, name }) => ({ value: id, label: name }))}
        onChange={(event) => setSdk(event.currentTarget.value)}
      />
      <pre tabIndex={0}>{snippet?.code(base)}</pre>
    </section>
  );
}

interface UsageRow {
  readonly key?: string;
  readonly model?: string;
  readonly tenantCharge: string;
  readonly events: number;
  readonly quantity: Readonly<Record<string, string>>;
}

function OwnUsage() {
  const { t } = useWords();
  const c = useColumns();
  const [tenant] = useTenant(true);
  const path = withQuery('/usage/rollup', { by: 'key,model', bucket: 'total', tenant });
  const usage = useRead<{ readonly rows: readonly UsageRow[] }>(tenant === '' ? null : path);
  const columns = [
    c.text<UsageRow>('key', 'column.key', ({ key = '' }) => key),
    c.text<UsageRow>('model', 'column.model', ({ model = '' }) => model),
    c.money<UsageRow>(
      'charge',
      'overview.charge',
      ({ tenantCharge }) => tenantCharge,
      () => 'preliminary',
    ),
    c.number<UsageRow>('tokens', 'developer.tokens', ({ quantity }) => quantity['tokens'] ?? '0'),
    c.number<UsageRow>('events', 'overview.events', ({ events }) => events),
  ];
  return (
    <>
      <div className="filters">
        <TenantSelect needed />
      </div>
      <WhenLoaded of={usage}>
        {({ rows }) => (
          <DataTable
            id="own"
            caption={t('developer.usage')}
            columns={columns}
            rows={rows}
            rowKey={({ key, model }) => `${key} ${model}`}
            empty={t('usage.none')}
          />
        )}
      </WhenLoaded>
    </>
  );
}

interface ErrorRow {
  readonly code: string;
  readonly status: number;
  readonly type: string;
  readonly owner: string;
  readonly retryable: boolean;
}

function Errors() {
  const { t } = useWords();
  const c = useColumns();
  const rows = Object.entries(ERRORS).map(([code, entry]): ErrorRow => ({ code, ...entry }));
  const columns = [
    c.text<ErrorRow>('code', 'developer.code', ({ code }) => code),
    c.number<ErrorRow>('status', 'developer.status', ({ status }) => status),
    c.text<ErrorRow>('type', 'developer.type', ({ type }) => type),
    c.text<ErrorRow>('retryable', 'developer.again', ({ retryable }) =>
      retryable ? t('developer.yes') : t('developer.no'),
    ),
    c.text<ErrorRow>('owner', 'developer.owner', ({ owner }) => owner),
  ];
  return (
    <DataTable
      id="errors"
      caption={t('developer.errors')}
      columns={columns}
      rows={rows}
      rowKey={({ code }) => code}
      empty=""
    />
  );
}
