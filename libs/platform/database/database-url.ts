// A PostgreSQL address as people write it. Guarantees that what is shown of it never holds the password, and that an
// address which we would misread is refused before anything connects.

/** The address cannot be used; the message says what to write and never repeats the password. */
export class DatabaseUrlRefused extends Error {
  override readonly name = 'DatabaseUrlRefused';
}

/** An address that was checked. */
export interface DatabaseUrl {
  /** The full address with its password: for connecting only. */
  readonly href: string;
  /** `host:port/database`: for messages and logs. */
  readonly shown: string;
}

/**
 * Checks a `postgresql://user:password@host:port/database` address.
 * @throws DatabaseUrlRefused when it is none, names no database, or asks for a schema other than `public`.
 */
export function parseDatabaseUrl(text: string): DatabaseUrl {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== 'postgres:' && url.protocol !== 'postgresql:'))
    throw new DatabaseUrlRefused(
      'The database address must look like postgresql://user:password@host:5432/database ' +
        '(characters such as @ : / # in the password are written %40 %3A %2F %23).',
    );
  const database = decodeURIComponent(url.pathname.slice(1));
  if (database === '')
    throw new DatabaseUrlRefused(`The database address names no database: add one, as in ${hostOf(url)}/trunkline.`);
  // Raw SQL is written for one schema; Prisma alone would honour the parameter and look for its tables elsewhere.
  const schema = url.searchParams.get('schema');
  if (schema !== null && schema !== 'public')
    throw new DatabaseUrlRefused(
      `The database address asks for schema "${schema}"; Trunkline uses "public". Give it a database of its own.`,
    );
  url.searchParams.delete('schema');
  return { href: url.href, shown: `${hostOf(url)}/${database}` };
}

function hostOf(url: URL): string {
  const host = url.hostname === '' ? (url.searchParams.get('host') ?? 'localhost') : url.hostname;
  return `${host}:${url.port === '' ? '5432' : url.port}`;
}
