// `member link`: a new one-time link of the product that runs on the data folder, to sign in without a restart.
import type { Command } from 'commander';
import { z } from 'zod';
import type { Inquire } from '../run-command.js';
import { runningProduct } from '../running-product.js';

const Made = z.object({ path: z.string().startsWith('/admin/start?') });

/** Adds the command to `member`. */
export function addLinkCommand(member: Command, inquire: Inquire): void {
  member
    .command('link')
    .description(
      'a link that signs in as owner once, within 24 hours; the one before stops working. Of the product that runs here',
    )
    .action((_flags, command: Command) =>
      inquire(command, async ({ dataDir }) => {
        const rows = [{ link: await newLink(dataDir) }];
        return { json: rows, tables: [rows] };
      }),
    );
}

/** A new one-time link of the product on a data folder. Holds a secret. @throws Error that says what to do */
export async function newLink(dataDir: string): Promise<string> {
  const product = await runningProduct(dataDir);
  const made = Made.safeParse(await product('/one-time-link', 'POST'));
  if (!made.success) throw new Error('the product that runs is of an older version: restart it with `npm start`');
  return `${product.origin}${made.data.path}`;
}
