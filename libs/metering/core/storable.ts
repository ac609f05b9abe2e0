// Text as a database can hold it. PostgreSQL takes neither NUL nor half surrogates, and a vendor's text may have either;
// they are replaced by U+FFFD, for one odd name must not stop a batch. Ids are derived before, from the original.

/** The same text where it can be stored; else with U+FFFD for what cannot. */
export function storableText(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\ufffd');
}
