// An alert in words, for mail and chats. What comes from others (a model's name, a tenant's) is made inert for each: no line
// breaks in a subject, nothing that a page or a chat would obey.
import type { AlertMessage } from './alert.js';

const SUBJECT_CHARS_MAX = 200;
const SIGN = { fired: 'FIRING', repeated: 'STILL FIRING', resolved: 'RESOLVED', test: 'TEST' } as const;

/** One line: what it is. */
export function headlineOf({ event, severity, kind, subject }: AlertMessage): string {
  const what = `[${SIGN[event]}] ${severity}: ${kind.replaceAll('_', ' ')}, ${subject}`;
  return oneLine(what).slice(0, SUBJECT_CHARS_MAX);
}

/** As plain text. */
export function plainText(message: AlertMessage): string {
  return `${[headlineOf(message), '', message.detail, '', ...factsOf(message).map(([name, value]) => `${name}: ${value}`)].map(oneLine).join('\n')}\n`;
}

/** As a small page without anything to load. */
export function htmlText(message: AlertMessage): string {
  const rows = factsOf(message).map(
    ([name, value]) => `<tr><th align="left">${escaped(name)}</th><td>${escaped(value)}</td></tr>`,
  );
  return (
    `<!doctype html><html lang="en"><body><h1 style="font-size:1.1em">${escaped(headlineOf(message))}</h1>` +
    `<p>${escaped(message.detail)}</p><table>${rows.join('')}</table></body></html>`
  );
}

/** As the body of an incoming webhook of Slack, which Mattermost and others take too. */
export function slackBody(message: AlertMessage): { readonly text: string } {
  const { event, severity, kind, subject, detail } = message;
  const facts = factsOf(message).map(([name, value]) => `${name}: ${code(value)}`);
  const head = `*${SIGN[event]}* ${severity}: ${kind.replaceAll('_', ' ')} ${code(subject)}`;
  return { text: [head, code(detail), facts.join(' · ')].join('\n') };
}

function factsOf({ rule, value, threshold, unit, tenantId, at, firedAt, alertId }: AlertMessage) {
  const words = unit === 'none' ? '' : ` ${unit.replaceAll('_', ' ')}`;
  const facts: readonly (readonly [string, string | null])[] = [
    ['rule', rule],
    ['value', `${value}${words}`],
    ['threshold', `${threshold}${words}`],
    ['tenant', tenantId],
    ['since', firedAt],
    ['at', at],
    ['alert', alertId],
  ];
  return facts.flatMap(([name, text]) => (text === null ? [] : [[name, text] as const]));
}

// Control characters, line separators, and marks that turn the direction of what follows them.
const OBEYED = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

function oneLine(text: string): string {
  return text.replace(OBEYED, ' ');
}

function escaped(text: string): string {
  const escapes: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return oneLine(text).replace(/[&<>"']/g, (char) => escapes[char] ?? '');
}

// Within code no chat looks for markup, links or names to call; what would end the code is left out.
function code(text: string): string {
  const inert = oneLine(text)
    .replaceAll('`', "'")
    .replace(/[&<>]/g, (char) => (char === '&' ? '&amp;' : char === '<' ? '&lt;' : '&gt;'));
  return `\`${inert}\``;
}
