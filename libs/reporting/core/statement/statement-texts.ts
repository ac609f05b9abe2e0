// A statement as CSV and JSON. Both carry each figure twice: in cents, as it adds up, and exact. Prepaid money has a column
// of its own, exact only: each column of amounts adds up to its last line.
import { formatAmount, type AmountPico } from '@trunkline/kernel';
import { pricingUnitOf } from '@trunkline/rating';
import { csvHeader, csvLine, MACHINE, type Column } from '../export/csv.js';
import { quotientText } from '../export/decimals.js';
import { centsText } from '../cents.js';
import { meterWordsOf, type MeterWords } from '../export/meter-words.js';
import { entryOf } from '../directory.js';
import { UNASSIGNED } from '../cost-centre.js';
import {
  namesOf,
  type ManualLine,
  type MeteredLine,
  type PrepaidBalance,
  type Statement,
  type StatementTotal,
} from './statement.js';

/** A line of any section, as it is shown. */
export interface ShownLine {
  readonly section: string;
  readonly tenant: string;
  readonly tenantId: string;
  /** The month that it is about. */
  readonly month: string;
  /** Of a booking by hand: the company's day on which it was booked. */
  readonly day: string | null;
  readonly model: string | null;
  readonly words: MeterWords | null;
  readonly key: string | null;
  readonly keyId: string | null;
  readonly priceVersion: string | null;
  readonly price: string | null;
  readonly pricingUnit: string | null;
  readonly quantity: string | null;
  readonly unit: string | null;
  readonly text: string | null;
  /** What is owed, in cents; null of prepaid money. */
  readonly amount: string | null;
  readonly exact: string | null;
  /** Prepaid money that came in, or with a minus was used; null of what is owed. */
  readonly prepaid: string | null;
}

/** All lines, sections in order. */
export function shownLines(statement: Statement): readonly ShownLine[] {
  return [
    ...statement.metered.map((line) => shownMetered(statement, line)),
    ...statement.manual.map((line) => shownManual(statement, line)),
  ];
}

/** Whose statement it is, in words. */
export function ownerOf({ scope, directory }: Statement): { readonly title: string; readonly id: string } {
  if (scope.kind === 'tenant') return { title: entryOf(directory, scope.tenantId).name, id: scope.tenantId };
  const { costCentre } = scope;
  if (costCentre === null) return { title: 'no cost centre', id: UNASSIGNED };
  return { title: `${costCentre.name} (${costCentre.owner})`, id: costCentre.code };
}

const COLUMNS: readonly Column<ShownLine>[] = [
  { name: 'section', kind: 'text', value: (line) => line.section },
  { name: 'month_of_usage', kind: 'text', value: (line) => line.month },
  { name: 'booked_on', kind: 'day', value: (line) => line.day },
  { name: 'tenant_id', kind: 'text', value: (line) => line.tenantId },
  { name: 'tenant', kind: 'text', value: (line) => line.tenant },
  { name: 'model', kind: 'text', value: (line) => line.model },
  { name: 'sku', kind: 'text', value: (line) => line.words?.skuId ?? null },
  { name: 'modality', kind: 'text', value: (line) => line.words?.modality ?? null },
  { name: 'direction', kind: 'text', value: (line) => line.words?.direction ?? null },
  { name: 'cache', kind: 'text', value: (line) => line.words?.cache ?? null },
  { name: 'key_id', kind: 'text', value: (line) => line.keyId },
  { name: 'key', kind: 'text', value: (line) => line.key },
  { name: 'price_version', kind: 'text', value: (line) => line.priceVersion },
  { name: 'price', kind: 'decimal', value: (line) => line.price },
  { name: 'price_per', kind: 'text', value: (line) => line.pricingUnit },
  { name: 'quantity', kind: 'decimal', value: (line) => line.quantity },
  { name: 'unit', kind: 'text', value: (line) => line.unit },
  { name: 'text', kind: 'text', value: (line) => line.text },
  { name: 'amount', kind: 'decimal', value: (line) => line.amount },
  { name: 'amount_exact', kind: 'decimal', value: (line) => line.exact },
  { name: 'prepaid', kind: 'decimal', value: (line) => line.prepaid },
];

/** As CSV; the last line is the total of the amounts above it, and what is prepaid after the month. */
export function statementCsv(statement: Statement): string {
  const { total, prepaid, directory } = statement;
  const last: ShownLine = {
    ...BLANK,
    section: 'total',
    month: directory.period,
    text: statement.preliminary ? 'PRELIMINARY' : 'FINAL',
    ...amounts(total),
    prepaid: prepaid === null ? null : formatAmount(prepaid.closing),
  };
  const lines = [...shownLines(statement), ...broughtForward(statement), last];
  return csvHeader(COLUMNS, MACHINE) + lines.map((line) => csvLine(line, COLUMNS, MACHINE)).join('');
}

function broughtForward({ prepaid, directory }: Statement): readonly ShownLine[] {
  if (prepaid === null) return [];
  const text = 'prepaid before the month';
  return [
    { ...BLANK, section: 'prepaid_before', month: directory.period, text, prepaid: formatAmount(prepaid.opening) },
  ];
}

/** As JSON. Amounts are decimals in text. */
export function statementJson(statement: Statement): string {
  const { directory, total, sections, prepaid } = statement;
  const { title, id } = ownerOf(statement);
  const closes = [...directory.tenants].map(([tenantId, { standing }]) => [tenantId, standing.closeId]);
  return `${JSON.stringify(
    {
      object: 'statement',
      period: directory.period,
      timeZone: directory.company.timeZone,
      issuer: directory.company.name,
      for: { kind: statement.scope.kind, id, name: title },
      status: statement.preliminary ? 'PRELIMINARY' : 'FINAL',
      closes: Object.fromEntries(closes) as Record<string, string | null>,
      currency: 'USD',
      lines: shownLines(statement).map(({ words, ...line }) => ({
        ...line,
        sku: words?.skuId ?? null,
        modality: words?.modality ?? null,
        direction: words?.direction ?? null,
        cache: words?.cache ?? null,
      })),
      sections: Object.fromEntries([...sections].map(([section, sum]) => [section, totalView(sum)])),
      total: totalView(total),
      prepaid: prepaid === null ? null : prepaidView(prepaid),
    },
    null,
    2,
  )}\n`;
}

/** A total in text: in cents, exact, and what rounding changed. */
export function totalView({ exact, rounded, rounding }: StatementTotal) {
  return { amount: centsText(rounded), exact: formatAmount(exact), rounding: formatAmount(rounding) };
}

/** A prepaid balance in text; exact. */
export function prepaidView({ opening, received, used, closing }: PrepaidBalance) {
  return {
    opening: formatAmount(opening),
    received: formatAmount(received),
    used: formatAmount(used),
    closing: formatAmount(closing),
  };
}

const BLANK: ShownLine = {
  section: '',
  tenant: '',
  tenantId: '',
  month: '',
  day: null,
  model: null,
  words: null,
  key: null,
  keyId: null,
  priceVersion: null,
  price: null,
  pricingUnit: null,
  quantity: null,
  unit: null,
  text: null,
  amount: null,
  exact: null,
  prepaid: null,
};

const MICRO = 1_000_000n;
const QUANTITY_DIGITS = 6;

function shownMetered({ directory }: Statement, line: MeteredLine): ShownLine {
  const words = meterWordsOf({ ...line, chargePrice: line.price, listPrice: null });
  const { tenant, key } = namesOf(directory, line);
  return {
    ...BLANK,
    section: line.section,
    tenant,
    tenantId: line.tenantId,
    month: line.usagePeriod,
    model: line.model,
    words,
    key,
    keyId: line.keyId,
    priceVersion: line.price?.id ?? null,
    price: line.price === null ? null : formatAmount(line.price.price),
    pricingUnit: line.price === null ? null : pricingUnitOf(line.price.unit),
    quantity: quotientText(line.quantityMicro, MICRO, QUANTITY_DIGITS).text,
    unit: words.unit,
    text: line.reason,
    ...amounts(line),
  };
}

function shownManual({ directory }: Statement, line: ManualLine): ShownLine {
  return {
    ...BLANK,
    section: line.section,
    tenant: namesOf(directory, line).tenant,
    tenantId: line.tenantId,
    month: line.usagePeriod,
    day: line.day,
    text: line.booking.reason,
    ...(line.section === 'prepayment' ? { prepaid: formatAmount(line.exact) } : amounts(line)),
  };
}

function amounts({ rounded, exact }: { readonly rounded: AmountPico; readonly exact: AmountPico }) {
  return { amount: centsText(rounded), exact: formatAmount(exact) };
}
