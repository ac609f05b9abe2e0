// The look of the admin pages: one sheet in the page itself, allowed by its hash, so that nothing else is fetched.
import { createHash } from 'node:crypto';

// Contrast of every text against its ground is above 4.5:1 in both schemes (page.spec.ts computes it from these values).
/** Colours by scheme. */
export const PALETTES = {
  light: {
    ground: '#f6f7f9',
    panel: '#ffffff',
    text: '#16202b',
    muted: '#516070',
    line: '#d5dbe2',
    link: '#0a57b0',
    warn: '#ffe9a8',
    warnText: '#4a3300',
    bad: '#a4161a',
  },
  dark: {
    ground: '#10161d',
    panel: '#18212b',
    text: '#e8edf2',
    muted: '#a3b1bf',
    line: '#33404e',
    link: '#86bdff',
    warn: '#4d3a00',
    warnText: '#ffe7a1',
    bad: '#ff9c9c',
  },
} as const;

function properties(palette: Readonly<Record<string, string>>): string {
  return Object.entries(palette)
    .map(([name, value]) => `--${name}:${value}`)
    .join(';');
}

/** The sheet. */
export const STYLE = `
:root{color-scheme:light dark;${properties(PALETTES.light)}}
@media (prefers-color-scheme:dark){:root{${properties(PALETTES.dark)}}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--text);font:16px/1.5 system-ui,sans-serif}
header,main{max-width:78rem;margin:0 auto;padding:1rem 1.25rem}
header{display:flex;flex-wrap:wrap;gap:.25rem 1.5rem;align-items:baseline;padding-bottom:0}
header p{margin:0;color:var(--muted)}
header .brand{color:var(--text);font-weight:600}
h1{font-size:1.375rem;margin:0}
a{color:var(--link)}
a:focus-visible,.scroll:focus-visible{outline:3px solid var(--link);outline-offset:2px}
.banner{background:var(--warn);color:var(--warnText);border:2px solid currentColor;border-radius:.5rem;padding:.75rem 1rem;margin:0 0 1rem}
.banner strong{display:block;font-size:1.125rem}
dl.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(10.5rem,1fr));gap:.75rem;margin:0 0 1.5rem}
dl.figures div,.scroll{background:var(--panel);border:1px solid var(--line);border-radius:.5rem}
dl.figures div{padding:.75rem 1rem}
dt{color:var(--muted);font-size:.875rem}
dd{margin:0;font-size:1.375rem;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
dd.bad{color:var(--bad);font-weight:600}
.scroll{overflow-x:auto;margin:0 0 1.5rem}
table{border-collapse:collapse;width:100%}
caption{text-align:left;padding:.75rem .875rem;font-weight:600}
caption span{font-weight:400;color:var(--muted)}
th,td{text-align:left;padding:.5rem .875rem;border-top:1px solid var(--line);vertical-align:top}
thead th,thead .id{color:var(--muted);font:600 .875rem/1.5 system-ui,sans-serif}
tbody th{font-weight:400}
tfoot th,tfoot td{font-weight:600}
.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.id{font-family:ui-monospace,monospace;font-size:.875rem;white-space:nowrap}
.muted{color:var(--muted)}
.remark{display:block;white-space:normal;color:var(--bad);font-size:.875rem}
@media (max-width:40rem){caption span{display:block}}
.empty{color:var(--muted)}
`;

/** The `style-src` source that allows the sheet and nothing else. */
export const STYLE_SOURCE = `'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`;
