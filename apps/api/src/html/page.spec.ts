import { escapeHtml, markup } from '@trunkline/platform/html';
import { PALETTES, STYLE } from './page-style.js';
import { page } from './page.js';

const HOSTILE = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  '</title><svg onload=alert(1)>',
  '&lt;b&gt;',
  '<!--',
];

describe('markup', () => {
  it('lets no put-in text become markup, between tags or in an attribute', () => {
    for (const text of HOSTILE) {
      const written = markup`<p title="${text}">${text}</p>`.text;
      expect(written.replace(/^<p title="|">|<\/p>$/g, '')).not.toMatch(/[<>"']/);
    }
  });

  it('shows the text that was put in', () => {
    expect(markup`<b>${'Smith & "Sons" <Ltd>'}</b>`.text).toBe('<b>Smith &amp; &quot;Sons&quot; &lt;Ltd&gt;</b>');
  });

  it('keeps markup that came out of itself, joins lists and writes null as nothing', () => {
    expect(markup`<ul>${['<a>', 'b'].map((each) => markup`<li>${each}</li>`)}${null}</ul>`.text).toBe(
      '<ul><li>&lt;a&gt;</li><li>b</li></ul>',
    );
  });

  it('shows control characters and direction marks instead of obeying them', () => {
    expect(escapeHtml('a\u0000b\u001b[31m\r\n\u202egnp.exe\u2066')).toBe(
      'a\uFFFDb\uFFFD[31m\uFFFD\uFFFD\uFFFDgnp.exe\uFFFD',
    );
  });
});

describe('a page', () => {
  const written = page({ title: HOSTILE[3] ?? '', subtitle: markup`s`, main: markup`m`, refreshSeconds: 5 });

  it('has no script, fetches nothing and takes its title as text', () => {
    expect(written).not.toMatch(/<script|<svg|@import|url\(|(src|href)="(?!data:,")/i);
    expect(written).toContain('<title>&lt;/title&gt;&lt;svg onload=alert(1)&gt; - Trunkline</title>');
  });

  it('carries its style sheet whole, so that its hash holds', () => {
    expect(written).toContain(`<style>${STYLE}</style>`);
  });
});

describe('the colours', () => {
  const luminance = (hex: string) => {
    const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
      const part = parseInt(hex.slice(at, at + 2), 16) / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (one: string, other: string) => {
    const [low = 0, high = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };

  it.each(['light', 'dark'] as const)('have the contrast that WCAG AA asks of text, in the %s scheme', (scheme) => {
    const { ground, panel, text, muted, link, bad, warn, warnText } = PALETTES[scheme];
    const pairs = [ground, panel].flatMap((under) => [text, muted, link, bad].map((over) => [over, under] as const));
    for (const [over, under] of [...pairs, [warnText, warn] as const])
      expect({ over, under, enough: contrast(over, under) >= 4.5 }).toEqual({ over, under, enough: true });
  });
});
