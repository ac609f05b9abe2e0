// Who acts at a terminal: the operating system's user, unless they say another name.
import { userInfo } from 'node:os';
import type { Command } from 'commander';
import type { Because } from '@trunkline/ledger';

/** The flag of a command that is recorded with who did it. */
export interface ActorFlag {
  readonly actor: string;
}

/** The flags of a command that is recorded with who and why. */
export interface BecauseFlags extends ActorFlag {
  readonly reason: string;
}

/** Adds `--actor`. */
export function withActor(command: Command): Command {
  return command.option('--actor <name>', 'who does it, for the record', systemUser());
}

/** Adds `--actor` and a `--reason` that has to be given. */
export function withBecause(command: Command): Command {
  return withActor(command).requiredOption('--reason <text>', 'why, for the record');
}

/** Who and why, from the flags. */
export function becauseOf({ actor, reason }: BecauseFlags): Because {
  return { actor, reason };
}

/** The operating system's user. */
export function systemUser(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run as a user id without a name.
    return 'unknown';
  }
}
