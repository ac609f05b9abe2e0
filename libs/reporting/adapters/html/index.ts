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
@page{size:A4;margin:16mm}
*{box-sizing:border-box}
body{margin:0 auto;max-width:60rem;padding:2rem 1.25rem;background:#fff;color:#16202b;font:14px/1.45 system-ui,sans-serif}
header{display:flex;justify-content:space-between;gap:2rem;border-bottom:2px solid #16202b;padding-bottom:.75rem}
h1{font-size:1.5rem;margin:0}
h2{font-size:1rem;margin:1.75rem 0 .25rem}
p{margin:.25rem 0}
.muted{color:#516070}
.status{border:2px solid currentColor;padding:.25rem .75rem;font-weight:700;align-self:flex-start}
.preliminary{color:#a4161a}
table{border-collapse:collapse;width:100%;font-size:.8125rem}
th,td{text-align:left;padding:.3rem .5rem;border-bottom:1px solid #d5dbe2;vertical-align:top}
thead th{color:#516070;border-bottom:1px solid #16202b}
.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.id{font-family:ui-monospace,monospace;font-size:.6875rem;color:#516070;overflow-wrap:anywhere}
tfoot td,tfoot th{font-weight:600;border-bottom:0}
dl{display:grid;grid-template-columns:auto auto;gap:.25rem 2rem;justify-content:end;margin:1.75rem 0;font-variant-numeric:tabular-nums}
dt,dd{margin:0}
dd{text-align:right}
.total{font-size:1.25rem;font-weight:700}
@media print{body{padding:0;max-width:none}tr{break-inside:avoid}thead{display:table-header-group}}
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
<p class="status${preliminary ? markup` preliminary` : null}">${preliminary ? 'PRELIMINARY' : 'FINAL'}</p></header>
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
    ? markup`<th>Model</th><th>What</th><th>Key</th><th class="number">Quantity</th><th class="number">Price</th>`
    : markup`<th>Day</th><th>Tenant</th><th>Why</th>`;
  const body = lines.map((line) => (metered ? meteredRow(line, section) : manualRow(line)));
  return markup`<section><h2>${TITLES[section] ?? section}</h2>
<table><thead><tr>${head}<th class="number">Exact</th><th class="number">Amount</th></tr></thead>
<tbody>${body}</tbody>
<tfoot><tr><th colspan="${metered ? 5 : 3}">Sum${section === 'prepayment' ? null : markup` <span class="muted">(rounding ${rounding})</span>`}</th>
<td class="number">${exact}</td><td class="number">${section === 'prepayment' ? '' : amount}</td></tr></tfoot></table></section>
`;
}

function meteredRow(line: ShownLine, section: string): Html {
  const about =
    section === 'corrections'
      ? markup`<br /><span class="muted">of ${line.month}${line.text === null ? '' : `: ${line.text}`}</span>`
      : null;
  return markup`<tr><td>${line.model ?? ''}${about}</td><td>${line.words?.skuMeter ?? ''}</td>
<td><bdi>${line.key ?? ''}</bdi> <span class="id">${line.keyId ?? ''}</span></td>
<td class="number">${line.quantity ?? ''} ${line.unit ?? ''}</td>
<td class="number">${line.price ?? 'not billed'} <span class="muted">per ${line.pricingUnit ?? '-'}</span><br /><span class="id">${line.priceVersion ?? ''}</span></td>
<td class="number">${line.exact ?? ''}</td><td class="number">${line.amount ?? ''}</td></tr>
`;
}

function manualRow(line: ShownLine): Html {
  const about =
    line.day?.startsWith(line.month) === true ? null : markup`<br /><span class="muted">of ${line.month}</span>`;
  return markup`<tr><td>${line.day ?? ''}${about}</td><td><bdi>${line.tenant}</bdi></td><td>${line.text ?? ''}</td>
<td class="number">${line.exact ?? line.prepaid ?? ''}</td><td class="number">${line.amount ?? ''}</td></tr>
`;
}

function prepaid({ prepaid: balance, preliminary }: Statement): Html {
  if (balance === null) return markup``;
  const { opening, received, used, closing } = prepaidView(balance);
  const later = preliminary ? markup`<p class="muted">Prepaid money is used when the month is closed.</p>` : null;
  return markup`<h2>Prepaid</h2>${later}
<dl><dt>Before the month</dt><dd>${opening}</dd><dt>Received</dt><dd>${received}</dd><dt>Used</dt><dd>${used}</dd>
<dt class="total">Left</dt><dd class="total">${closing}</dd></dl>`;
}

function totals(total: StatementTotal): Html {
  const { amount, exact, rounding } = totalView(total);
  return markup`<dl><dt>Exact sum</dt><dd>${exact}</dd><dt>Rounding</dt><dd>${rounding}</dd>
<dt class="total">Total USD</dt><dd class="total">${amount}</dd></dl>`;
}
