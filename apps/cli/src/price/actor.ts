// Who acts at a terminal: the operating system's user, unless they say another name.
import { userInfo } from 'node:os';
import type { Command } from 'commander';

/** The flag. */
export interface ActorFlag {
  readonly actor: string;
}

/** Adds `--actor`. */
export function withActor(command: Command): Command {
  return command.option('--actor <name>', 'who does it, for the record', systemUser());
}

function systemUser(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run as a user id without a name.
    return 'unknown';
  }
}
