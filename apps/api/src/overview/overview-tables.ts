// What the tables of the overview say.
import { addAmounts, formatAmount, type AmountPico, type TenantId } from '@trunkline/kernel';
import type { CostRow } from '@trunkline/ledger/adapters/prisma';
import { formatQuantity, isMeter, meterEntry } from '@trunkline/metering';
import { markup, type Html } from '@trunkline/platform/html';
import { ageText, outlivesAnySession } from './age.js';
import type { Overview } from './load-overview.js';
import { tableMarkup, type Column } from './table.js';

/** The open sessions, newest first. */
export function sessionsTable(overview: Overview): Html {
  const { total, rows } = overview.sessions;
  return tableMarkup({
    id: 'sessions',
    caption: 'Open sessions',
    note: total > rows.length ? `the newest ${rows.length} of ${total}` : null,
    columns: [
      { name: 'Session', kind: 'id' },
      { name: 'Open for', kind: 'number' },
      { name: 'Tenant' },
      { name: 'Model' },
      { name: 'Key', kind: 'id' },
    ],
    rows: rows.map(({ id, tenantId, keyId, model, openedAtMs }) => [
      id,
      ageCell(overview.asOfMs - openedAtMs),
      tenantName(tenantId, overview),
      isolated(model ?? 'unknown'),
      keyId ?? 'unknown',
    ]),
    foot: null,
    empty: 'No session is open.',
  });
}

/** Today's usage by meter, all tenants together. */
export function usageTable({ usage }: Overview): Html {
  return tableMarkup({
    id: 'usage',
    caption: 'Usage today (UTC) by meter',
    note: 'all tenants',
    columns: [
      { name: 'Meter' },
      { name: 'Unit' },
      ...numbers('Quantity', 'Of it estimated', 'Of it not in the ledger'),
    ],
    rows: usage.map(({ meter, quantityMicro, estimatedMicro, unbookedMicro }) => [
      isolated(meter),
      isMeter(meter) ? meterEntry(meter).unit : 'unknown',
      formatQuantity(quantityMicro),
      formatQuantity(estimatedMicro),
      formatQuantity(unbookedMicro),
    ]),
    foot: null,
    empty: 'Nothing has been used today.',
  });
}

/** Today's charges and costs by tenant, exact. */
export function costsTable(overview: Overview): Html {
  const { costs } = overview;
  const total = (of: (row: CostRow) => AmountPico) => formatAmount(addAmounts(...costs.map(of)));
  return tableMarkup({
    id: 'costs',
    caption: 'Cost today (UTC) by tenant, in USD',
    note: 'from the ledger, to the last digit',
    columns: [
      { name: 'Tenant' },
      ...numbers('Charged to tenant', 'Of it estimated', 'Cost to us', 'Of it estimated, not billed', 'Usage events'),
    ],
    rows: costs.map((row) => [
      tenantName(row.tenantId, overview),
      formatAmount(row.tenantCharge),
      formatAmount(row.estimatedCharge),
      formatAmount(row.providerCost),
      formatAmount(row.unbilledCost),
      row.events,
    ]),
    foot: [
      'Total',
      total((row) => row.tenantCharge),
      total((row) => row.estimatedCharge),
      total((row) => row.providerCost),
      total((row) => row.unbilledCost),
      costs.reduce((sum, row) => sum + row.events, 0),
    ],
    empty: 'Nothing has been charged today.',
  });
}

/** Whether the books keep up, and what to do where they do not. */
export function ledgerTable({ lag }: Overview): Html {
  const oldest = lag.pending === 0 ? '' : ` The oldest has waited for ${ageText(lag.oldestPendingMs)}.`;
  return tableMarkup({
    id: 'ledger',
    caption: 'Ledger health',
    note: 'usage events that are not in the ledger, of all time',
    columns: [{ name: 'State' }, ...numbers('Events'), { name: 'What it means' }],
    rows: [
      ['Pending', lag.pending, `On its way: rated within seconds while the worker runs.${oldest}`],
      [
        'Unrated',
        lag.unrated,
        'Has no price, or one that this release cannot apply: "npm run cli -- costs --unrated" says which; "price import" adds it.',
      ],
      ['Parked', lag.parked, 'The vendor\u2019s report does not add up. Not billed until a person has looked at it.'],
    ],
    foot: null,
    empty: '',
  });
}

function numbers(...names: readonly string[]): readonly Column[] {
  return names.map((name) => ({ name, kind: 'number' }));
}

function ageCell(ageMs: number): Html {
  if (!outlivesAnySession(ageMs)) return markup`${ageText(ageMs)}`;
  return markup`${ageText(ageMs)}<span class="remark">longer than a session lasts: its gateway probably died</span>`;
}

// A name in a script that runs the other way must not turn the rest of its row around.
function isolated(text: string): Html {
  return markup`<bdi>${text}</bdi>`;
}

function tenantName(tenantId: TenantId | null, { tenants }: Overview): Html {
  const tenant = tenantId === null ? undefined : tenants.get(tenantId);
  if (tenant === undefined) return markup`<span class="id">${tenantId ?? 'unknown'}</span>`;
  return markup`${isolated(tenant.name)} <span class="muted">${tenant.slug}</span>`;
}
