// FOCUS's own rules for Cost and Usage, for all mandatory columns and the conditional ones that apply to us, over a file with
// a row of every kind. Types, nulls, formats, order, and the equality of quantity x price and cost.
import { parseAmount, priceOf } from '@trunkline/kernel';
import { csvCells } from '../../test/books.js';
import { ACME, context, directory, EVERY_KIND, metered, price, sources, textOf } from '../../test/rows.js';
import { FOCUS_COLUMNS, focusColumns, focusRowOf } from './focus-columns.js';
import { focusFormat } from './focus.js';
import { FOCUS_VERSIONS, type FocusVersion } from './options.js';

const MANDATORY: Readonly<Record<string, 'nulls' | 'value'>> = {
  BilledCost: 'value',
  BillingAccountId: 'value',
  BillingAccountName: 'nulls',
  BillingCurrency: 'value',
  BillingPeriodEnd: 'value',
  BillingPeriodStart: 'value',
  ChargeCategory: 'value',
  ChargeClass: 'nulls',
  ChargeDescription: 'nulls',
  ChargePeriodEnd: 'value',
  ChargePeriodStart: 'value',
  ContractedCost: 'value',
  EffectiveCost: 'value',
  HostProviderName: 'value',
  InvoiceIssuerName: 'value',
  ListCost: 'value',
  PricingQuantity: 'nulls',
  PricingUnit: 'nulls',
  ServiceCategory: 'value',
  ServiceName: 'value',
  ServiceProviderName: 'value',
};
/** Columns that FOCUS 1.4 wants of who does what we do, and what that is. */
const CONDITIONAL: Readonly<Record<string, string>> = {
  ...{ ConsumedQuantity: 'usage is measured', ConsumedUnit: 'usage is measured' },
  ContractedUnitPrice: 'tenants have prices of their own',
  ...{ InvoiceDetailId: 'a closed month is invoiced', InvoiceId: 'a closed month is invoiced' },
  ListUnitPrice: 'the vendor publishes its prices',
  ...{ SkuId: 'units have prices', SkuMeter: 'units have prices' },
  ...{ SkuPriceDetails: 'units have prices', SkuPriceId: 'units have prices' },
  ...{ SubAccountId: 'tenants', SubAccountName: 'tenants' },
  Tags: 'cost centres',
};
/** Columns that it recommends, or that say more than is asked for. */
const BEYOND = ['ChargeFrequency', 'PricingCategory', 'ServiceSubcategory', 'SubAccountType'];
/** All other columns of FOCUS 1.4, and why they do not apply. */
const NOT_OURS: Readonly<Record<string, readonly string[]>> = {
  'costs are not split after the fact': [
    ...['AllocatedMethodDetails', 'AllocatedMethodId', 'AllocatedResourceId', 'AllocatedResourceName', 'AllocatedTags'],
  ],
  'one type of billing account': ['BillingAccountType'],
  'no places are sold': ['AvailabilityZone', 'RegionId', 'RegionName'],
  'nothing is reserved or committed': [
    ...['CapacityReservationId', 'CapacityReservationStatus', 'CommitmentDiscountCategory', 'CommitmentDiscountId'],
    ...['CommitmentDiscountName', 'CommitmentDiscountQuantity', 'CommitmentDiscountStatus', 'CommitmentDiscountType'],
    ...['CommitmentDiscountUnit', 'CommitmentProgramEligibilityDetails', 'ContractApplied'],
  ],
  'priced and billed in one currency': [
    ...['PricingCurrency', 'PricingCurrencyContractedUnitPrice', 'PricingCurrencyEffectiveCost'],
    'PricingCurrencyListUnitPrice',
  ],
  'no resources are provisioned': ['ResourceId', 'ResourceName', 'ResourceType'],
};
const COLUMNS_OF_1_4 = 65;
const DECIMAL = /^-?(0|[1-9]\d*)\.\d+$/;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const UNIT = /^([1-9]\d* )?[A-Z][a-z]*s$/;

type Row = Readonly<Record<string, string | null>>;
const read = async (focusVersion: FocusVersion = '1.4'): Promise<{ header: string[]; rows: Row[] }> => {
  const text = await textOf(focusFormat, 'cost-and-usage', context({ focusVersion }));
  const [header = [], ...cells] = csvCells(text);
  const rows = cells.map((row) =>
    Object.fromEntries(header.map((name, i) => [name, row[i] === '' ? null : (row[i] ?? null)])),
  );
  return { header, rows };
};
const rowsWhere = async (is: (row: Row) => boolean): Promise<Row[]> => (await read()).rows.filter(is);
const isUsage = (row: Row): boolean => row['ChargeCategory'] === 'Usage';

describe('FOCUS Cost and Usage', () => {
  it('has each column that FOCUS 1.4 wants of us, once, and no other of its own', async () => {
    const focus = (await read()).header.filter((name) => !name.startsWith('x_'));
    expect(focus).toEqual([...Object.keys(MANDATORY), ...Object.keys(CONDITIONAL), ...BEYOND].sort());
  });

  it('knows of every column of FOCUS 1.4 whether it applies', () => {
    const known = [
      ...Object.keys(MANDATORY),
      ...Object.keys(CONDITIONAL),
      ...BEYOND,
      ...Object.values(NOT_OURS).flat(),
    ];
    expect(new Set(known).size).toBe(known.length);
    expect(known).toHaveLength(COLUMNS_OF_1_4);
  });

  it('has its columns by name, and ours after them', async () => {
    const { header } = await read();
    const own = header.filter((name) => name.startsWith('x_'));
    const focus = header.slice(0, header.length - own.length);
    expect(header.slice(focus.length)).toEqual(own);
    expect(focus).toEqual([...focus].sort());
    expect(own).toEqual([...own].sort());
    for (const name of own) expect(name).toMatch(/^x_([A-Z][a-z]*)+$/);
  });

  it('has one row for each charge, and no prepayment', async () => {
    expect((await read()).rows).toHaveLength(EVERY_KIND.filter((row) => row.kind !== 'prepayment').length);
  });

  it.each(Object.entries(MANDATORY).filter(([, nulls]) => nulls === 'value'))('has %s in every row', async (name) => {
    expect(await rowsWhere((row) => row[name] === null)).toEqual([]);
  });

  it.each(FOCUS_COLUMNS.map((column) => [column.name, column] as const))(
    'keeps to the type of %s',
    async (name, { type, nulls }) => {
      for (const row of (await read(FOCUS_COLUMNS.find((each) => each.name === name)?.until ?? '1.4')).rows) {
        const value = row[name] ?? null;
        if (value === null) expect(nulls).toBe(true);
        else if (type === 'Decimal') expect(value).toMatch(DECIMAL);
        else if (type === 'DateTime') expect(value).toMatch(INSTANT);
        else if (type === 'JSON') expect(JSON.parse(value)).toBeInstanceOf(Object);
        expect(value ?? '').not.toMatch(/^(n\/a|null|none)$/i);
      }
    },
  );

  it("names the vendor whose account was used, in its providers' columns, its service and its SKU", async () => {
    const vendorOf = (provider: string | null) => ({
      name: `Vendor of ${provider}`,
      service: `Service of ${provider}`,
    });
    const ofAzure = price({ provider: 'azure' });
    const rows = sources([metered({ chargePrice: ofAzure, listPrice: ofAzure }), metered()]);
    for (const focusVersion of FOCUS_VERSIONS) {
      const text = await textOf(focusFormat, 'cost-and-usage', { ...context({ focusVersion }), vendorOf }, rows);
      const [header = [], azure = [], openai = []] = csvCells(text);
      const named = [
        'HostProviderName',
        'ServiceProviderName',
        'ProviderName',
        'PublisherName',
        'ServiceName',
        'SkuId',
      ];
      for (const [i, name] of header.entries()) {
        if (!named.includes(name)) continue;
        expect(azure[i]).toContain('azure');
        expect(openai[i]).toContain('openai');
      }
      // Whoever issues the tenant's invoice is the company.
      expect(azure[header.indexOf('InvoiceIssuerName')]).toBe('Acme Platform');
    }
  });

  it('names quantity, unit, SKU and prices of all usage, and of nothing else', async () => {
    const names = ['PricingQuantity', 'PricingUnit', 'ConsumedQuantity', 'ConsumedUnit', 'SkuId', 'SkuPriceId'];
    for (const row of (await read()).rows)
      for (const name of [...names, 'ContractedUnitPrice'])
        expect([name, row[name] === null]).toEqual([name, !isUsage(row)]);
  });

  it('writes units plural and capitalised', async () => {
    for (const row of await rowsWhere(isUsage)) {
      expect(row['PricingUnit']).toMatch(UNIT);
      expect(row['ConsumedUnit']).toMatch(UNIT);
    }
  });

  it.each([
    ['ContractedCost', 'ContractedUnitPrice'],
    ['ListCost', 'ListUnitPrice'],
  ])('has %s = PricingQuantity x %s exactly', async (cost, unitPrice) => {
    for (const row of await rowsWhere((each) => isUsage(each) && each[unitPrice] !== null)) {
      const micro = BigInt(Math.round(Number(row['ConsumedQuantity']) * 1e6));
      const [quantity = '', digits = ''] = (row['PricingQuantity'] ?? '').split('.');
      const scaled = BigInt(quantity + digits.padEnd(18, '0'));
      const price = parseAmount(row[unitPrice] ?? '');
      if (price === null) throw new Error(`${unitPrice} is no decimal`);
      // Both ways from the same figures: 18 decimals of the quantity give the 12 of the amount.
      expect(priceOf(scaled, price, 10n ** 12n)).toBe(parseAmount(row[cost] ?? ''));
      expect(micro !== 0n).toBe(true);
    }
  });

  it('marks as Correction what is of a closed month, and nothing else', async () => {
    const corrections = await rowsWhere((row) => row['ChargeClass'] !== null);
    expect(corrections.map((row) => [row['ChargeClass'], row['ConsumedQuantity'], row['ChargePeriodStart']])).toEqual([
      ['Correction', '-5.0', '2026-10-30T00:00:00Z'],
      ['Correction', '3.0', '2026-10-30T00:00:00Z'],
    ]);
    for (const row of corrections) {
      expect(row['BillingPeriodStart']).toBe('2026-11-01T00:00:00Z');
      expect([row['x_CorrectsLedgerId'], row['x_CorrectionReason']]).toEqual(['txn_0', 'counted twice']);
    }
  });

  it('keeps every other charge inside its billing period, and periods forward', async () => {
    for (const row of await rowsWhere((each) => each['ChargeClass'] === null)) {
      const [from = '', to = ''] = [row['ChargePeriodStart'] ?? '', row['ChargePeriodEnd'] ?? ''];
      expect(from < to).toBe(true);
      expect(from >= (row['BillingPeriodStart'] ?? '') && to <= (row['BillingPeriodEnd'] ?? '')).toBe(true);
      if (row['PricingQuantity'] !== null) expect(row['PricingQuantity']?.startsWith('-')).toBe(false);
    }
  });

  it('shows an estimate that is not billed, at no charge', async () => {
    const rows = await rowsWhere((row) => row['x_UsageConfidence'] === 'estimated_not_billed');
    expect(rows.map((row) => [row['BilledCost'], row['ConsumedQuantity']])).toEqual([['0.0', '2.0']]);
  });

  it('says of a cost that was corrected alone what is known of the usage, and not that it is not billed', () => {
    const costOnly = { billing: 'cost_only', chargePrice: null, quantityMicro: 3n } as const;
    const confidence = FOCUS_COLUMNS.find(({ name }) => name === 'x_UsageConfidence');
    const said = (['reported', 'estimated'] as const).map((evidence) =>
      confidence?.value(focusRowOf(metered({ ...costOnly, evidence }), context())),
    );
    expect(said).toEqual(['confirmed', 'estimated']);
  });

  it('uses categories of the closed lists', async () => {
    for (const row of (await read()).rows) {
      expect(['Usage', 'Purchase', 'Tax', 'Credit', 'Adjustment']).toContain(row['ChargeCategory']);
      expect(['Usage-Based', 'One-Time', 'Recurring']).toContain(row['ChargeFrequency']);
      expect([null, 'Standard', 'Dynamic', 'Committed', 'Other']).toContain(row['PricingCategory']);
    }
  });

  it('has an invoice only where the month is closed', async () => {
    const open = { status: 'open', closeId: null, changedAtMs: null } as const;
    const tenants = new Map([...directory().tenants].map(([id, entry]) => [id, { ...entry, standing: open }] as const));
    const text = await textOf(focusFormat, 'cost-and-usage', context({}, { tenants }), sources());
    const [header = [], ...rows] = csvCells(text);
    expect(new Set(rows.map((row) => row[header.indexOf('InvoiceId')]))).toEqual(new Set(['']));
    expect((await rowsWhere((row) => row['InvoiceId'] === null)).length).toBe(0);
  });

  it.each(FOCUS_VERSIONS)('as %s names providers as that version does', async (version) => {
    const { header } = await read(version);
    expect(header.includes('ProviderName')).toBe(version !== '1.4');
    expect(header.includes('PublisherName')).toBe(version !== '1.4');
    expect(header.includes('ServiceProviderName')).toBe(version !== '1.2');
    expect(header.includes('HostProviderName')).toBe(version !== '1.2');
    expect(header.includes('InvoiceDetailId')).toBe(version === '1.4');
    expect(header).toEqual(focusColumns(version).map(({ name }) => name));
  });
});

describe('FOCUS Billing Period', () => {
  it('is open, and as it was made, until the last tenant is closed, also when months are soft-closed', async () => {
    const changedAtMs = Date.parse('2026-12-03T00:00:00Z');
    const standing = { status: 'soft_closed', closeId: null, changedAtMs } as const;
    const tenants = new Map(
      [...directory().tenants].map(([id, each]) => [id, id === ACME ? { ...each, standing } : each] as const),
    );
    const [, period] = csvCells(await textOf(focusFormat, 'billing-period', context({}, { tenants })));
    expect(period?.slice(0, 5)).toEqual([
      ...['2026-11-01T00:00:00Z', '2026-12-01T00:00:00Z', '2026-11-01T00:00:00Z', '2026-11-01T00:00:00Z', 'Open'],
    ]);
  });

  it('is closed when every tenant is', async () => {
    expect(csvCells(await textOf(focusFormat, 'billing-period'))).toEqual([
      [
        ...['BillingPeriodCreated', 'BillingPeriodEnd', 'BillingPeriodLastUpdated', 'BillingPeriodStart'],
        ...['BillingPeriodStatus', 'InvoiceIssuerName'],
      ],
      [
        ...['2026-11-01T00:00:00Z', '2026-12-01T00:00:00Z', '2026-12-06T10:00:00Z', '2026-11-01T00:00:00Z'],
        ...['Closed', 'Acme Platform'],
      ],
    ]);
  });
});

describe('FOCUS metadata', () => {
  it('describes each column of the file, in its order', async () => {
    const metadata = JSON.parse(await textOf(focusFormat, 'metadata')) as {
      FocusVersion: string;
      ColumnDefinition: { ColumnName: string }[];
    };
    expect(metadata.FocusVersion).toBe('1.4');
    expect(metadata.ColumnDefinition.map((column) => column.ColumnName)).toEqual((await read()).header);
  });
});
