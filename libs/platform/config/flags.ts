// Reads a command line into texts by flag. Guarantees that nothing on it is ignored: an unknown flag, a flag without its
// value, a flag given twice and a stray word are each a problem. What the texts mean is for the schema.
import { nearestName } from './nearest-name.js';

/** A command line, taken apart. */
export interface Flags {
  readonly texts: ReadonlyMap<string, string>;
  readonly switches: ReadonlySet<string>;
  readonly problems: readonly string[];
}

/** Takes `--flag value` and `--flag=value`, in any order. */
export function readFlags(args: readonly string[], known: readonly string[], switches: readonly string[]): Flags {
  const texts = new Map<string, string>();
  const seenSwitches = new Set<string>();
  const problems: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const [flag, inline] = splitFlag(args[i] ?? '');
    if (switches.includes(flag)) {
      if (inline === null) seenSwitches.add(flag);
      else problems.push(`${flag} takes no value`);
      continue;
    }
    if (!known.includes(flag)) {
      problems.push(unknownMessage(flag, [...known, ...switches]));
      continue;
    }
    const next = args[i + 1];
    const text = inline ?? (next === undefined || next.startsWith('--') ? null : next);
    if (inline === null && text !== null) i++;
    if (text === null) problems.push(`${flag} needs a value`);
    else if (texts.has(flag)) problems.push(`${flag} is given twice`);
    else texts.set(flag, text);
  }
  return { texts, switches: seenSwitches, problems };
}

function splitFlag(arg: string): [flag: string, inline: string | null] {
  const at = arg.indexOf('=');
  return arg.startsWith('--') && at > 0 ? [arg.slice(0, at), arg.slice(at + 1)] : [arg, null];
}

// A word without dashes is not repeated: it may be the value, and so the secret, of a misspelt flag.
function unknownMessage(flag: string, names: readonly string[]): string {
  if (!flag.startsWith('--')) return 'there is a word on the command line that belongs to no flag (--help lists them)';
  const nearest = nearestName(flag, names);
  return nearest === null ? `${flag} is no flag (--help lists them)` : `${flag} is no flag; did you mean ${nearest}?`;
}
