// Services on channels. Addresses of the web and secrets are sealed, because an address may be a secret itself (Slack's is): what
// is shown of a channel is where it goes, never enough to send there. A secret is shown when it is made, and never again.
import { err, mintId, ok } from '@trunkline/kernel';
import { isUniqueViolation, type Database } from '@trunkline/platform/database';
import { checkInput, type Administered, type AdministrationRefusal } from '@trunkline/tenancy';
import { z } from 'zod';
import {
  CreateChannelInput,
  UpdateChannelInput,
  type AlertChannel,
  type AlertOwner,
  type ChannelKind,
  type CreateChannelRequest,
  type UpdateChannelRequest,
} from '../../index.js';
import { channelOf } from './alert-rows.js';
import { changingOf, nameTaken, notThere, type AlertContext, type ChannelSeal, type Tx } from './context.js';

/** A channel that was just made. */
export interface CreatedChannel {
  readonly channel: AlertChannel;
  /** What its receiver checks signatures with, where it was made here. Shown now or never. */
  readonly secret: string | null;
}

/** Where a channel of the web goes, and what it signs with; null: it does not sign. */
export interface ChannelSecret {
  readonly url: string;
  readonly secret: string | null;
}

const CHANNELS_MAX = 50;
const SECRET_BYTES = 32;

/** Makes a channel. */
export async function createChannel(
  { db, clock, randomBytes, seal }: AlertContext & { readonly seal: ChannelSeal },
  owner: AlertOwner,
  request: CreateChannelRequest,
): Administered<CreatedChannel> {
  const input = checkInput(CreateChannelInput, request);
  if (!input.ok) return input;
  const { name, kind, enabled } = input.value;
  const id = mintId('alc', clock.nowMs(), randomBytes);
  const made = kind === 'webhook' && input.value.secret === undefined ? newSecret(randomBytes) : null;
  const where =
    input.value.kind === 'email'
      ? { target: input.value.to, secretSealed: null }
      : sealedTarget(seal, id, {
          kind,
          url: input.value.url,
          secret: input.value.kind === 'webhook' ? (input.value.secret ?? made) : null,
        });
  try {
    return await changingOf(db, owner, async (tx) => {
      if ((await tx.alertChannel.count({ where: { tenantId: owner } })) >= CHANNELS_MAX) return err(TOO_MANY);
      const row = await tx.alertChannel.create({ data: { id, tenantId: owner, name, kind, enabled, ...where } });
      return ok({ channel: channelOf(row), secret: made });
    });
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    return nameTaken('channel', name);
  }
}

/** Changes what is named. A change of what its kind does not have is refused. */
export async function updateChannel(
  { db, seal }: Pick<AlertContext, 'db'> & { readonly seal: ChannelSeal },
  owner: AlertOwner,
  { named, request }: { readonly named: string; readonly request: UpdateChannelRequest },
): Administered<AlertChannel> {
  const input = checkInput(UpdateChannelInput, request);
  if (!input.ok) return input;
  const { to, url, secret, enabled } = input.value;
  return changingOf(db, owner, async (tx) => {
    const row = await rowOf(tx, owner, named);
    if (row === null) return notThere('channel', named);
    const { kind } = channelOf(row);
    const problem = misfit(kind, input.value);
    if (problem !== null) return err({ code: 'does_not_hold', message: problem });
    const before = openedChannel(seal, row);
    if ((url ?? secret) !== undefined && before === null) return err(UNOPENED);
    const data = {
      ...(enabled === undefined ? {} : { enabled }),
      ...(to === undefined ? {} : { target: to }),
      ...((url ?? secret) === undefined || before === null
        ? {}
        : sealedTarget(seal, row.id, { kind, url: url ?? before.url, secret: secret ?? before.secret })),
    };
    return ok(channelOf(await tx.alertChannel.update({ where: { id: row.id }, data })));
  });
}

/** Removes a channel that no rule names. What waits for it is given up by the next try. */
export async function removeChannel(db: Database, owner: AlertOwner, named: string): Administered<AlertChannel> {
  return changingOf(db, owner, async (tx) => {
    const row = await rowOf(tx, owner, named);
    if (row === null) return notThere('channel', named);
    const rules = await tx.alertRule.findMany({ where: { tenantId: owner, channelIds: { has: row.id } } });
    if (rules.length > 0) {
      const names = rules.map(({ name }) => name).join(', ');
      return err({ code: 'does_not_hold', message: `Rules tell it: ${names}. Take it out of them first.` });
    }
    return ok(channelOf(await tx.alertChannel.delete({ where: { id: row.id } })));
  });
}

/** One channel, by name or id. */
export async function findChannel(
  db: Pick<Database, 'alertChannel'>,
  owner: AlertOwner,
  named: string,
): Administered<AlertChannel> {
  const row = await rowOf(db, owner, named);
  return row === null ? notThere('channel', named) : ok(channelOf(row));
}

/** All of one owner, by name. */
export async function listChannels(
  db: Pick<Database, 'alertChannel'>,
  owner: AlertOwner,
): Promise<readonly AlertChannel[]> {
  return (await db.alertChannel.findMany({ where: { tenantId: owner }, orderBy: { name: 'asc' } })).map(channelOf);
}

/** What a channel's secrets are; null: it has none, or they cannot be opened with this installation's pepper. */
export function openedChannel(
  { open }: Pick<ChannelSeal, 'open'>,
  { id, secretSealed }: { readonly id: string; readonly secretSealed: string | null },
): ChannelSecret | null {
  const opened = secretSealed === null ? null : open(secretSealed, id);
  return opened === null ? null : stored.parse(JSON.parse(opened));
}

/** The version of a channel, locked until the end of the transaction; null: it is not there. */
export async function lockedChannelVersion(tx: Tx, id: string): Promise<string | null> {
  const rows = await tx.$queryRaw<{ version: bigint }[]>`SELECT version FROM alert_channel WHERE id = ${id} FOR UPDATE`;
  return rows[0]?.version.toString() ?? null;
}

function rowOf(db: Pick<Database, 'alertChannel'>, tenantId: AlertOwner, named: string) {
  return db.alertChannel.findFirst({ where: { tenantId, OR: [{ name: named }, { id: named }] } });
}

const stored = z.object({ url: z.string(), secret: z.string().nullable() });

function sealedTarget(
  { seal }: ChannelSeal,
  id: string,
  { kind, url, secret }: ChannelSecret & { readonly kind: ChannelKind },
) {
  const { origin, pathname } = new URL(url);
  // The path of an incoming webhook of a chat is its password.
  const target = [kind === 'slack' ? origin : `${origin}${pathname}`];
  return { target, secretSealed: seal(JSON.stringify({ url, secret }), id) };
}

function newSecret(randomBytes: (n: number) => Uint8Array): string {
  return `whsec_${Buffer.from(randomBytes(SECRET_BYTES)).toString('base64')}`;
}

function misfit(
  kind: ChannelKind,
  { to, url, secret }: Partial<Record<'to' | 'url' | 'secret', unknown>>,
): string | null {
  if (kind === 'email' && (url ?? secret) !== undefined)
    return 'A channel of mail has addresses (to) and nothing else.';
  if (kind !== 'email' && to !== undefined) return `A ${kind} channel has a url and no addresses of mail.`;
  return kind === 'slack' && secret !== undefined ? 'A slack channel signs nothing: its url is the secret.' : null;
}

const UNOPENED: AdministrationRefusal = {
  code: 'does_not_hold',
  message: 'What this channel keeps was sealed under another pepper: remove it and make it anew.',
};
const TOO_MANY: AdministrationRefusal = {
  code: 'does_not_hold',
  message: `There are ${CHANNELS_MAX} channels already: remove one that nothing tells any more.`,
};
