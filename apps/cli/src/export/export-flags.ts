// Flags that exports and schedules share.
import { Option, type Command } from 'commander';
import { FOCUS_VERSIONS } from '@trunkline/reporting';

const SEPARATORS: Readonly<Record<string, string>> = { comma: ',', semicolon: ';', tab: '\t' };

/** What can be said about the files. */
export interface OptionFlags {
  readonly focusVersion: string;
  readonly separator: string;
  readonly decimalComma?: true;
}

/** Adds the flags. */
export function addExportOptions(command: Command): Command {
  return command
    .addOption(new Option('--focus-version <version>').choices([...FOCUS_VERSIONS]).default('1.4'))
    .addOption(new Option('--separator <name>', 'of excel-csv').choices(Object.keys(SEPARATORS)).default('comma'))
    .option('--decimal-comma', 'of excel-csv');
}

/** The options they say. */
export function optionsOf({ focusVersion, separator, decimalComma }: OptionFlags): object {
  return { focusVersion, separator: SEPARATORS[separator], decimalComma: decimalComma === true };
}

/** The target that flags say; null when they say none. */
export function targetOf(flags: { folder?: string; bucket?: string; prefix?: string }): object | null {
  if (flags.folder !== undefined) return { kind: 'folder', path: flags.folder };
  if (flags.bucket !== undefined) return { kind: 's3', bucket: flags.bucket, prefix: flags.prefix ?? '' };
  return null;
}
