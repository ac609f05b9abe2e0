// `share`: who has how much of a pool.
import type { Command } from 'commander';
import { SHARE_BOUNDS, type KeyShareRecord, type ShareRecord } from '@trunkline/tenancy';
import {
  findPool,
  findTenant,
  listKeyShares,
  listShares,
  removeKeyShare,
  removeShare,
  setKeyShare,
  setShare,
  type PoolContext,
} from '@trunkline/tenancy/adapters/prisma';
import { keyIdOf, orNull, rangeText, wholeIn, wholeInOrNone, type OrNone } from './flag-values.js';
import type { Row } from './output.js';
import { done, type RunCommand } from './run-command.js';

const { floor: FLOOR, ceiling: CEILING, weight: WEIGHT } = SHARE_BOUNDS;

interface HolderFlags {
  readonly pool: string;
  readonly tenant: string;
  readonly key?: string;
}

interface SetFlags extends HolderFlags {
  readonly floor?: number;
  readonly ceiling?: OrNone<number>;
  readonly weight?: number;
}

/** Adds the commands to the program. */
export function addShareCommands(program: Command, run: RunCommand): void {
  const share = program.command('share').description('who has how much of a pool');
  addHolderFlags(
    share.command('set').description('what is not named stays; without a share: floor 0, no ceiling, weight 1'),
  )
    .option('--floor <n>', `lines held back for it: ${rangeText(FLOOR)}`, wholeIn(FLOOR))
    .option('--ceiling <n>', `lines at most: ${rangeText(CEILING)}, or none`, wholeInOrNone(CEILING))
    .option(
      '--weight <n>',
      `how much it is owed of the lines above floors: ${rangeText(WEIGHT)}; not of a key`,
      wholeIn(WEIGHT),
    )
    .action((flags: SetFlags, command: Command) => run(command, async (tenancy) => [await setShareOf(tenancy, flags)]));
  addHolderFlags(share.command('remove').description('back to floor 0, no ceiling, weight 1')).action(
    (flags: HolderFlags, command: Command) =>
      run(command, async (tenancy) => {
        const { keyId, ...holder } = await holderOf(tenancy, flags);
        const removed =
          keyId === null
            ? shareRow(done(await removeShare(tenancy, holder)))
            : keyShareRow(done(await removeKeyShare(tenancy, { ...holder, keyId })));
        return [{ ...removed, removed: 'yes' }];
      }),
  );
  share
    .command('list')
    .description('all shares; who is not in it has floor 0, no ceiling, weight 1')
    .option('--pool <pool>', 'slug or id; default: all')
    .action((flags: { pool?: string }, command: Command) =>
      run(command, async (tenancy) => {
        const of = flags.pool === undefined ? {} : { pool: done(await findPool(tenancy, flags.pool)).id };
        const [tenants, keys] = [await listShares(tenancy, of), await listKeyShares(tenancy, of)];
        return [...tenants.map(shareRow), ...keys.map(keyShareRow)];
      }),
    );
}

function addHolderFlags(command: Command): Command {
  return command
    .requiredOption('--pool <pool>', 'slug or id')
    .requiredOption('--tenant <tenant>', 'slug or id')
    .option('--key <key id>', "of the tenant's lines, those of one key");
}

async function setShareOf(tenancy: PoolContext, flags: SetFlags): Promise<Row> {
  const { keyId, ...holder } = await holderOf(tenancy, flags);
  const { floor, weight } = flags;
  const lines = { floor, ceiling: orNull(flags.ceiling) };
  if (keyId === null) return shareRow(done(await setShare(tenancy, holder, { ...lines, weight })));
  if (weight !== undefined)
    throw new Error('a key has no --weight: among the keys of a tenant, first come is first served');
  return keyShareRow(done(await setKeyShare(tenancy, { ...holder, keyId }, lines)));
}

async function holderOf(tenancy: PoolContext, { pool, tenant, key }: HolderFlags) {
  return { pool, tenantId: done(await findTenant(tenancy, tenant)).id, keyId: key === undefined ? null : keyIdOf(key) };
}

function shareRow({ poolSlug, tenantSlug, floor, ceiling, weight }: ShareRecord): Row {
  return { pool: poolSlug, tenant: tenantSlug, key: null, floor, ceiling, weight };
}

function keyShareRow({ poolSlug, tenantSlug, keyId, floor, ceiling }: KeyShareRecord): Row {
  return { pool: poolSlug, tenant: tenantSlug, key: keyId, floor, ceiling, weight: null };
}
