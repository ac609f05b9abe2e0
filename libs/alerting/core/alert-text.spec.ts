import type { AlertMessage } from './alert.js';
import { headlineOf, htmlText, plainText, slackBody } from './alert-text.js';

const message = (subject: string): AlertMessage => ({
  ...{ event: 'fired', alertId: 'alt_1', rule: 'unpriced-model', kind: 'unpriced_model', severity: 'warning' },
  ...{ tenantId: null, subject, detail: `${subject} has no price`, value: 3, threshold: 1, unit: 'events' },
  ...{ at: '2026-11-21T12:00:00.000Z', firedAt: '2026-11-21T12:00:00.000Z' },
});

describe('an alert in words', () => {
  it('says what it is', () => {
    expect(headlineOf(message('gpt-9'))).toBe('[FIRING] warning: unpriced model, gpt-9');
    expect(plainText(message('gpt-9'))).toContain('value: 3 events\nthreshold: 1 events\n');
  });

  it('has no line in its subject but one, whatever a model is called', () => {
    for (const name of ['a\r\nBcc: everybody@example.com', 'a\u2028b', 'a\0b', '\u202eevil'])
      expect(headlineOf(message(name))).toMatch(/^[^\p{Cc}\u2028\u2029\u202e]+$/u);
    expect(headlineOf(message('x'.repeat(5_000))).length).toBe(200);
  });

  it('is a page that runs and loads nothing', () => {
    const html = htmlText(message(`<img src=x onerror=alert(1)>"'&`));
    expect(html).not.toContain('<img');
    expect(html).toContain('&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;');
  });

  it('calls nobody in a chat and is no link there', () => {
    const { text } = slackBody(message('<!channel> `@here` [x](https://evil.example) <https://evil.example|ok>'));
    expect(text).toContain("`&lt;!channel&gt; '@here' [x](https://evil.example) &lt;https://evil.example|ok&gt;`");
    expect(text).not.toMatch(/<[!@h]/);
  });
});
