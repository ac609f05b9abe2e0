// Text as a database can hold it. PostgreSQL takes neither NUL nor half surrogates. What a vendor said is kept with U+FFFD in
// their place, for one odd name must not stop a batch (ids are derived before, from the original); what a caller says is
// refused at the edge, where they can be told.

/** The same text where it can be stored; else with U+FFFD for what cannot. */
export function storableText(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\ufffd');
}

/** Whether text can be stored as it is. */
export function isStorable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}

/**
 * Where in parsed input there is text that cannot be stored, as `versions.0.source`; null: nowhere. Looks at names as well.
 * Walks without recursion: input may be nested as deep as it is long.
 */
export function unstorableAt(input: unknown): string | null {
  const waiting: { readonly at: string; readonly value: unknown }[] = [{ at: '', value: input }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { at, value } = next;
    if (typeof value === 'string' && !isStorable(value)) return at;
    if (typeof value !== 'object' || value === null) continue;
    for (const [name, inner] of Object.entries(value)) {
      const path = at === '' ? name : `${at}.${name}`;
      if (!isStorable(name)) return storableText(path);
      // A path is for people; past this length it helps nobody, and deep input would make it long over and over.
      waiting.push({ at: path.slice(0, PATH_CHARS_MAX), value: inner });
    }
  }
  return null;
}

const PATH_CHARS_MAX = 80;
