// The frame of every admin page.
import { Html, markup } from '@trunkline/platform/html';
import { STYLE } from './page-style.js';

/** A page. */
export interface PageContent {
  readonly title: string;
  /** Under the title: what the page says and as of when. */
  readonly subtitle: Html;
  readonly main: Html;
  /** Seconds after which the browser loads the page again; null: never. */
  readonly refreshSeconds: number | null;
  /** Another page of ours to load then. */
  readonly to?: string;
}

/** The whole document. It loads nothing: no script, no font, no image, no icon. */
export function page({ title, subtitle, main, refreshSeconds, to }: PageContent): string {
  const next = to === undefined ? '' : `; url=${to}`;
  const refresh =
    refreshSeconds === null ? null : markup`<meta http-equiv="refresh" content="${refreshSeconds}${next}" />`;
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
${refresh}
<link rel="icon" href="data:," />
<title>${title} - Trunkline</title>
<style>${Html.trusted(STYLE)}</style>
</head>
<body>
<header><p class="brand">Trunkline</p><h1>${title}</h1><p>${subtitle}</p></header>
<main>${main}</main>
</body>
</html>
`.text;
}
