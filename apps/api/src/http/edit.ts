// Edits by programs and people who read before: each says which version it changes (`If-Match`, the ETag of what was read), and who
// comes second hears what is there now. One way for everything that is edited.
import type { Result } from '@trunkline/kernel';
import type { Database } from '@trunkline/platform/database';
import type { AdministrationRefusal } from '@trunkline/tenancy';
import { atVersion, type EditedThing } from '@trunkline/tenancy/adapters/prisma';
import type { Request, Response } from 'express';
import { auditedDb, type RequestedChange } from '../access/audit.js';
import { administered } from './administered.js';
import { RefusedRequest } from './problem.js';

const TAG = /^"(\d{1,19})"$/;
const HOW = 'Read it first and send its ETag as If-Match: "<version>".';

/** Anything that has a version. */
interface Versioned {
  readonly version: string;
}

/** An edit of a thing, and how it is told. */
export interface Edit<T extends Versioned, View> {
  readonly thing: EditedThing;
  readonly change: RequestedChange;
  /** The services do it on this database. */
  readonly make: (db: Database) => Promise<Result<T, AdministrationRefusal>>;
  /** What is there, for who comes second. */
  readonly read: () => Promise<Result<T, AdministrationRefusal>>;
  readonly view: (value: T) => View;
}

/** Sets the ETag of what is answered. */
export function tagged<T extends Versioned, View>(response: Response, value: T, view: (value: T) => View): View {
  response.set('etag', `"${value.version}"`);
  return view(value);
}

/**
 * Makes an edit of the version that the request names.
 * @throws RefusedRequest `version_needed`, or `changed_meanwhile` with what is there now and its ETag
 */
export async function edited<T extends Versioned, View>(
  db: Database,
  { request, response }: { readonly request: Request; readonly response: Response },
  { thing, change, make, read, view }: Edit<T, View>,
): Promise<View> {
  const version = versionAsked(request);
  const outcome = await make(atVersion(auditedDb(db, request, change), thing, version));
  if (outcome.ok || outcome.error.code !== 'changed_meanwhile') return tagged(response, administered(outcome), view);
  const current = tagged(response, administered(await read()), view);
  throw new RefusedRequest('changed_meanwhile', { detail: outcome.error.message, current });
}

function versionAsked({ headers }: Request): string {
  const asked = headers['if-match'];
  if (asked === undefined) throw new RefusedRequest('version_needed', { detail: HOW });
  const version = TAG.exec(asked.trim())?.[1];
  if (version !== undefined) return version;
  throw new RefusedRequest('invalid_request', { detail: `If-Match is not an ETag of ours. ${HOW}` });
}
