// The overview as a page: how full the pools are, what is open, what was used today, what it cost, whether the books keep up. Pure.
import { formatAmount } from '@trunkline/kernel';
import { markup, type Html } from '@trunkline/platform/html';
import { page } from '../html/page.js';
import type { Overview } from './load-overview.js';
import { costsTable, ledgerTable, sessionsTable, usageTable } from './overview-tables.js';
import { poolsTable } from './pools-table.js';

const REFRESH_SECONDS = 5;

/** The page. `refreshes`: whether the browser loads it again by itself; readers must be able to stop that. */
export function overviewPage(overview: Overview, { refreshes }: { readonly refreshes: boolean }): string {
  const asOf = new Date(overview.asOfMs).toISOString().replace('T', ' ').slice(0, 19);
  const toggle = refreshes
    ? markup`Updates every ${REFRESH_SECONDS} s. <a href="/admin?refresh=off">Stop updating</a>`
    : markup`Not updating. <a href="/admin">Update every ${REFRESH_SECONDS} s</a>`;
  return page({
    title: 'Overview',
    subtitle: markup`As of ${asOf} UTC. ${toggle}`,
    main: markup`${upstreamBanner(overview)}
${figures(overview)}
${poolsTable(overview.pools)}
${sessionsTable(overview)}
${usageTable(overview)}
${costsTable(overview)}
${ledgerTable(overview)}`,
    refreshSeconds: refreshes ? REFRESH_SECONDS : null,
  });
}

function upstreamBanner({ upstream }: Overview): Html | null {
  switch (upstream) {
    case 'simulator':
      return markup`<p class="banner" role="note"><strong>SIMULATOR, not OpenAI</strong>
Every call is answered by the built-in simulator. Usage and costs below are not real.
Set OPENAI_API_KEY and restart to talk to OpenAI.</p>`;
    case 'unknown':
      return markup`<p class="muted">What calls go to is set at the gateways and not known here.</p>`;
    case 'vendor':
      return null;
  }
}

function figures({ sessions, chargedToday, lag }: Overview): Html {
  const stuck = lag.unrated + lag.parked;
  return markup`<dl class="figures">
<div><dt>Open sessions</dt><dd>${sessions.total}</dd></div>
<div><dt>Charged today (UTC), USD</dt><dd>${formatAmount(chargedToday)}</dd></div>
<div><dt>Usage waiting to be rated</dt><dd>${lag.pending}</dd></div>
<div><dt>Usage that needs a person</dt><dd class="${stuck > 0 ? 'bad' : ''}">${stuck}</dd></div>
</dl>`;
}
