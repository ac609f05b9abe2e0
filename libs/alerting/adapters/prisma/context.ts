// What the services of alerting work with, and how their changes keep out of each other's way.
import { err, type Clock, type Result } from '@trunkline/kernel';
import type { Database, Prisma } from '@trunkline/platform/database';
import type { AdministrationRefusal } from '@trunkline/tenancy';
import type { AlertOwner } from '../../index.js';

/** Given to every service that changes something. */
export interface AlertContext {
  readonly db: Database;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly randomBytes: (n: number) => Uint8Array;
}

/** Seals what channels keep; what was sealed for one channel opens for no other. */
export interface ChannelSeal {
  seal(secret: string, owner: string): string;
  open(sealed: string, owner: string): string | null;
}

export type Tx = Prisma.TransactionClient;

/** One change of an owner's rules and channels at a time: a rule names no channel that is removed meanwhile. */
export function changingOf<T>(db: Database, owner: AlertOwner, work: (tx: Tx) => Promise<T>): Promise<T> {
  return db.$transaction(
    async (tx) => {
      await tx.$queryRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`alerting of ${owner ?? 'the company'}`}, 0))::text`;
      return work(tx);
    },
    { isolationLevel: 'ReadCommitted' },
  );
}

/** The refusal of a name that is taken. */
export function nameTaken(what: string, name: string): { readonly ok: false; readonly error: AdministrationRefusal } {
  return err({
    code: 'name_taken',
    message: `There is a ${what} ${name} already: choose another name.`,
    fields: ['name'],
  });
}

/** The refusal of what is not there; another owner may have it, which is not said. */
export function notThere(what: 'channel' | 'rule' | 'delivery', named: string): Result<never, AdministrationRefusal> {
  return err({
    code: what === 'channel' ? 'channel_not_found' : what === 'rule' ? 'rule_not_found' : 'delivery_not_found',
    message: `There is no ${what} ${JSON.stringify(named.slice(0, 80))} here. List them to see their names.`,
  });
}
