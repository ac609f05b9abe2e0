// A statement as a page of its own: to read, to print, to save as PDF. It loads nothing; every name is text.
import { createHash } from 'node:crypto';
import { Html, markup } from '@trunkline/platform/html';
import {
  MANUAL_SECTIONS,
  METERED_SECTIONS,
  ownerOf,
  prepaidView,
  shownLines,
  totalView,
  type ShownLine,
  type Statement,
  type StatementTotal,
} from '../../index.js';

const STYLE = `
@page{size:A4;margin:16mm;@bottom-right{content:counter(page) " / " counter(pages);font:9px system-ui,sans-serif}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:60rem;padding:2rem 1.25rem;background:#fff;color:#16202b;font:14px/1.45 system-ui,sans-serif}
header{display:flex;justify-content:space-between;gap:2rem;border-bottom:2px solid #16202b;padding-bottom:.75rem}
h1{font-size:1.5rem;margin:0}
h2{font-size:1rem;margin:1.75rem 0 .25rem}
p{margin:.25rem 0}
.muted{color:#516070}
.status{border:2px solid currentColor;padding:.25rem .75rem;font-weight:700;align-self:flex-start}
.preliminary{color:#a4161a}
table{border-collapse:collapse;width:100%;font-size:.8125rem;table-layout:fixed}
.model,.what{width:12%}
.amount{width:11%}
.key{width:14%}
.quantity{width:17%}
.price{width:16%}
.exact{width:18%}
.day{width:14%}
.tenant{width:20%}
.number .muted{white-space:normal}
th,td{text-align:left;padding:.3rem .5rem;border-bottom:1px solid #d5dbe2;vertical-align:top}
thead th{color:#516070;border-bottom:1px solid #16202b}
.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.id{font-family:ui-monospace,monospace;font-size:.6875rem;color:#516070;overflow-wrap:anywhere}
tfoot td,tfoot th{font-weight:600;border-bottom:0}
dl{display:grid;grid-template-columns:auto auto;gap:.25rem 2rem;justify-content:end;margin:1.75rem 0;font-variant-numeric:tabular-nums}
dt,dd{margin:0}
dd{text-align:right}
.total{font-size:1.25rem;font-weight:700}
aside{text-align:right;white-space:nowrap}
aside p{margin:0 0 .5rem}
aside .status{display:inline-block}
h2{break-after:avoid}
/* A head on each page, but sums only where they are due: after the last row. */
@media print{body{padding:0;max-width:none;font-size:12px}table{font-size:11px}.id{font-size:9px}tr,dl{break-inside:avoid}thead{display:table-header-group}tfoot{display:table-row-group}}
`;

/** The `style-src` source that allows the page's sheet and nothing else. */
export const STATEMENT_STYLE_SOURCE = `'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`;

const TITLES: Readonly<Record<string, string>> = {
  usage: 'Usage',
  estimates: 'Usage that was never reported: estimated, and billed',
  not_billed: 'Usage that was never reported: estimated, not billed',
  corrections: 'Corrections of months that are closed',
  adjustment: 'Adjustments',
  credit: 'Credits',
  prepayment: 'Prepaid money, received and used (not part of the total)',
};

/** The page. */
export function statementPage(statement: Statement): string {
  const { directory, preliminary } = statement;
  const { title, id } = ownerOf(statement);
  const lines = shownLines(statement);
  const sections = [...METERED_SECTIONS, ...MANUAL_SECTIONS].map((section) => {
    const own = lines.filter((line) => line.section === section);
    const total = statement.sections.get(section);
    return own.length === 0 || total === undefined ? markup`` : sectionMarkup(section, own, total);
  });
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<link rel="icon" href="data:," />
<title>Statement ${directory.period} ${title}</title>
<style>${Html.trusted(STYLE)}</style>
</head>
<body>
<header><div><h1>Statement ${directory.period}</h1>
<p><strong>${title}</strong> <span class="id">${id}</span></p>
<p class="muted">Issued by ${directory.company.name}. The month begins and ends at midnight in ${directory.company.timeZone}. Amounts in USD.</p></div>
<aside><p class="status${preliminary ? markup` preliminary` : null}">${preliminary ? 'PRELIMINARY' : 'FINAL'}</p>
<p class="total">USD ${grouped(totalView(statement.total).amount)}</p></aside></header>
${preliminary ? markup`<p class="preliminary">The month is not closed: figures may change.</p>` : closes(statement)}
${sections}
${totals(statement.total)}
${prepaid(statement)}
<p class="muted">Each line is rounded to cents once, half away from zero; totals are sums of rounded lines. Exact sums and what
rounding changed stand beside them.</p>
</body>
</html>
`.text;
}

function closes({ directory }: Statement): Html {
  const ids = [...directory.tenants.values()].map(({ standing }) => standing.closeId).filter((id) => id !== null);
  return markup`<p class="muted">Close <span class="id">${ids.join(' ')}</span></p>`;
}

function sectionMarkup(section: string, lines: readonly ShownLine[], total: StatementTotal): Html {
  const metered = lines.some((line) => line.quantity !== null);
  const { amount, exact, rounding } = totalView(total);
  const head = metered
    ? markup`<th class="model">Model</th><th class="what">What</th><th class="key">Key</th><th class="number quantity">Quantity</th><th class="number price">Price</th>`
    : markup`<th class="day">Day</th><th class="tenant">Tenant</th><th>Why</th>`;
  const body = lines.map((line) => (metered ? meteredRow(line, section) : manualRow(line)));
  return markup`<section><h2>${TITLES[section] ?? section}</h2>
<table><thead><tr>${head}<th class="number exact">Exact</th><th class="number amount">Amount</th></tr></thead>
<tbody>${body}</tbody>
<tfoot><tr><th colspan="${metered ? 5 : 3}">Sum${section === 'prepayment' ? null : markup` <span class="muted">(rounding ${rounding})</span>`}</th>
<td class="number">${grouped(exact)}</td><td class="number">${section === 'prepayment' ? '' : grouped(amount)}</td></tr></tfoot></table></section>
`;
}

function meteredRow(line: ShownLine, section: string): Html {
  const about =
    section === 'corrections'
      ? markup`<br /><span class="muted">of ${line.month}${line.text === null ? '' : `: ${line.text}`}</span>`
      : null;
  return markup`<tr><td>${line.model ?? ''}${about}</td><td>${line.words?.skuMeter ?? ''}</td>
<td><bdi>${line.key ?? ''}</bdi> <span class="id">${line.keyId ?? ''}</span></td>
<td class="number">${grouped(line.quantity)}<br /><span class="muted">${line.unit ?? ''}</span></td>
<td class="number">${priceMarkup(line)}</td>
<td class="number">${grouped(line.exact)}</td><td class="number">${grouped(line.amount)}</td></tr>
`;
}

function priceMarkup({ price, pricingUnit, priceVersion }: ShownLine): Html {
  if (price === null) return markup`not billed`;
  return markup`${grouped(price)}<br /><span class="muted">per ${perUnit(pricingUnit ?? '')}</span><br /><span class="id">${priceVersion ?? ''}</span>`;
}

// FOCUS's units, as people say them: "1M tokens" for "1000000 Tokens", "minute" for "Minutes".
function perUnit(unit: string): string {
  const [first = '', second] = unit.toLowerCase().split(' ');
  return second === undefined ? first.replace(/s$/, '') : `${first === '1000000' ? '1M' : grouped(first)} ${second}`;
}

/** A decimal with its thousands apart, for the eye. */
function grouped(decimal: string | null): string {
  if (decimal === null) return '';
  const [whole = '', fraction] = decimal.split('.');
  const parted = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return fraction === undefined ? parted : `${parted}.${fraction}`;
}

function manualRow(line: ShownLine): Html {
  const about =
    line.day?.startsWith(line.month) === true ? null : markup`<br /><span class="muted">of ${line.month}</span>`;
  return markup`<tr><td>${line.day ?? ''}${about}</td><td><bdi>${line.tenant}</bdi></td><td>${line.text ?? ''}</td>
<td class="number">${grouped(line.exact ?? line.prepaid)}</td><td class="number">${grouped(line.amount)}</td></tr>
`;
}

function prepaid({ prepaid: balance, preliminary }: Statement): Html {
  if (balance === null) return markup``;
  const { opening, received, used, closing } = prepaidView(balance);
  const later = preliminary ? markup`<p class="muted">Prepaid money is used when the month is closed.</p>` : null;
  return markup`<h2>Prepaid</h2>${later}
<dl><dt>Before the month</dt><dd>${grouped(opening)}</dd><dt>Received</dt><dd>${grouped(received)}</dd><dt>Used</dt><dd>${grouped(used)}</dd>
<dt class="total">Left</dt><dd class="total">${grouped(closing)}</dd></dl>`;
}

function totals(total: StatementTotal): Html {
  const { amount, exact, rounding } = totalView(total);
  return markup`<dl><dt>Exact sum</dt><dd>${grouped(exact)}</dd><dt>Rounding</dt><dd>${rounding}</dd>
<dt class="total">Total USD</dt><dd class="total">${grouped(amount)}</dd></dl>`;
}
