// What is wrong now and was; whom it is told to, and what nobody took.
import type { Column } from '../../parts/data-table.js';
import { withQuery } from '../../api/request.js';
import { useWords } from '../../i18n/use-words.js';
import { Page } from '../../parts/page.js';
import { ReadTable } from '../../parts/read-table.js';
import { useColumns } from '../../parts/use-columns.js';
import { TenantSelect, useTenant } from '../../parts/use-tenant.js';
import { Channels } from './channels.js';
import { Deliveries } from './deliveries.js';

const EVERY_MS = 10_000;
const LISTED = '200';

interface AlertRow {
  readonly id: string;
  readonly rule: string;
  readonly kind: 'budget' | 'cap_saturation' | 'reconciliation' | 'unpriced_model' | 'ledger_lag' | 'moderation';
  readonly severity: 'info' | 'warning' | 'critical';
  readonly subject: string;
  readonly detail: string;
  readonly value: number;
  readonly threshold: number;
  readonly unit: 'percent' | 'seconds' | 'days' | 'events' | 'findings_per_hour';
  readonly firedAt: string;
  readonly resolvedAt: string | null;
}
interface RuleRow extends Pick<AlertRow, 'id' | 'kind' | 'severity' | 'threshold' | 'unit'> {
  readonly name: string;
  readonly forMs: number;
  readonly enabled: boolean;
  readonly channels: readonly string[];
}

/** The screen. */
export function Alerts() {
  const { t } = useWords();
  const [tenant] = useTenant(false);
  return (
    <Page title={t('nav.alerts')} about={t('alerts.about')}>
      <Fired state="firing" />
      <div className="filters">
        <TenantSelect all="alerts.company" />
      </div>
      <Channels tenant={tenant} />
      <Deliveries tenant={tenant} />
      <Rules tenant={tenant} />
      <Fired state="resolved" />
    </Page>
  );
}

function Fired({ state }: { readonly state: 'firing' | 'resolved' }) {
  const c = useColumns();
  const own = useAlertColumns();
  const columns = [
    ...own,
    c.time<AlertRow>('firedAt', 'alerts.firedAt', ({ firedAt }) => firedAt),
    ...(state === 'firing'
      ? []
      : [c.time<AlertRow>('resolvedAt', 'alerts.resolvedAt', ({ resolvedAt }) => resolvedAt)]),
  ];
  return (
    <ReadTable
      id={state}
      path={withQuery('/alerts', { state, limit: LISTED })}
      everyMs={EVERY_MS}
      caption={`alerts.${state}`}
      empty={`alerts.${state}.none`}
      columns={columns}
      rows={(answer: { readonly alerts: readonly AlertRow[] }) => answer.alerts}
      rowKey={({ id }) => id}
    />
  );
}

function useAlertColumns(): readonly Column<AlertRow>[] {
  const { t } = useWords();
  const c = useColumns();
  const figure = (value: number, unit: AlertRow['unit']) => `${value} ${t(`alerts.unit.${unit}`)}`;
  return [
    c.shown(
      'severity',
      'alerts.severity',
      ({ severity }) => t(`alerts.${severity}`),
      ({ severity }) => <span className={severity === 'info' ? '' : 'bad'}>{t(`alerts.${severity}`)}</span>,
    ),
    c.text('kind', 'alerts.kind', ({ kind }) => t(`alerts.kind.${kind}`)),
    c.text('subject', 'alerts.subject', ({ subject }) => subject),
    c.number('value', 'alerts.value', ({ value, unit }) => figure(value, unit)),
    c.number('threshold', 'alerts.threshold', ({ threshold, unit }) => figure(threshold, unit)),
    c.text('rule', 'alerts.rule', ({ rule }) => rule),
    c.text('detail', 'column.what', ({ detail }) => detail),
  ];
}

function Rules({ tenant }: { readonly tenant: string }) {
  const { t } = useWords();
  const c = useColumns();
  const columns = [
    c.text<RuleRow>('name', 'column.name', ({ name }) => name),
    c.text<RuleRow>('kind', 'alerts.kind', ({ kind }) => t(`alerts.kind.${kind}`)),
    c.number<RuleRow>(
      'threshold',
      'alerts.threshold',
      ({ threshold, unit }) => `${threshold} ${t(`alerts.unit.${unit}`)}`,
    ),
    c.number<RuleRow>('for', 'alerts.for', ({ forMs }) => forMs / 1000),
    c.text<RuleRow>('severity', 'alerts.severity', ({ severity }) => t(`alerts.${severity}`)),
    c.text<RuleRow>('channels', 'alerts.tells', ({ channels }) => channels.join(', ') || t('alerts.nobody')),
    c.text<RuleRow>('state', 'column.state', ({ enabled }) => t(enabled ? 'alerts.on' : 'alerts.off')),
  ];
  return (
    <ReadTable
      id="rules"
      path={withQuery('/alerts/rules', { tenant })}
      caption="alerts.rules"
      empty="alerts.rules.none"
      columns={columns}
      rows={(answer: { readonly rules: readonly RuleRow[] }) => answer.rules}
      rowKey={({ id }) => id}
    />
  );
}
