// Text inside XML. What XML 1.0 cannot hold at all (control characters, halves of surrogate pairs) is left out; `_x0041_`,
// which spreadsheets read as a character, is kept as the text that it is.

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** The text, safe between tags and inside quotes. */
export function escapedXml(text: string): string {
  return text
    .toWellFormed()
    .replace(/[^\t\n\r\u0020-\uFFFC\u{10000}-\u{10FFFF}]/gu, '')
    .replace(/_(?=x[0-9A-Fa-f]{4}_)/g, '_x005F_')
    .replace(/[&<>"]/g, (char) => ENTITIES[char] ?? char);
}
