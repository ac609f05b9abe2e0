// What every command is run with, and how it reads what the services answer.
import type { Command } from 'commander';
import type { Result } from '@trunkline/kernel';
import type { EndUserHasher, KeyWrap } from '@trunkline/moderation';
import type { ExportPlace } from '@trunkline/reporting/adapters/export';
import type { PoolContext } from '@trunkline/tenancy/adapters/prisma';
import type { Answer, Row } from './output.js';
import type { StatusFlags } from './pool-statuses.js';

/** Runs a command on the installation and prints the rows it returns; to people, `ifNone` where there are none. */
export type RunCommand = (
  command: Command,
  work: (tenancy: PoolContext) => Promise<readonly Row[]>,
  ifNone?: string,
) => Promise<void>;

/** The installation, for commands that write files out of its books. */
export interface BooksInstallation {
  readonly tenancy: PoolContext;
  readonly exports: ExportPlace;
}

/** Runs a command that writes files, and prints the rows it returns, or the text as it is. */
export type RunOnBooks = (
  command: Command,
  work: (books: BooksInstallation) => Promise<readonly Row[] | string>,
) => Promise<void>;

/** The installation, for commands about what was found in sessions. */
export interface ReviewInstallation {
  readonly tenancy: PoolContext;
  /** What we call an app's end user. */
  readonly hashEndUser: EndUserHasher;
  /** Opens the keys of kept content. */
  readonly contentSeal: KeyWrap;
}

/** Runs a command about what was found, and prints its answer, or the text as it is. */
export type RunOnReviews = (
  command: Command,
  work: (installation: ReviewInstallation) => Promise<Answer | string>,
) => Promise<void>;

/** Answers a question about an installation that may not need its database, and prints the answer. */
export type Inquire = (command: Command, work: (flags: StatusFlags) => Promise<Answer>) => Promise<void>;

/** The value of an administrative request, or its refusal as an error with the same words. */
export function done<T>(outcome: Result<T, { readonly message: string }>): T {
  if (outcome.ok) return outcome.value;
  throw new Error(outcome.error.message);
}
