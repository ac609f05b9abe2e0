// Rules about what no file may say, whatever its language. The patterns are written so that they do not match themselves.
import { lineRule, type TidyRule } from '../rule.js';

const LOCKFILE = /(^|\/)package-lock\.json$/;

/** Words and places that must not be committed. */
export const TEXT_RULES: readonly TidyRule[] = [
  lineRule({
    name: 'machine-path',
    advice: 'A path of one machine: use a path relative to the project, os.tmpdir(), or a setting.',
    line: /(^|[\s"'`(=:,])\/(work|root|tmp|farm|home\/\w+|Users\/\w+)\/|[A-Z]:\\Users\\/,
  }),
  lineRule({
    name: 'registry-host',
    advice:
      'A lockfile or script that names a registry fails behind a mirror. See omit-lockfile-registry-resolved in .npmrc.',
    line: /registry\.npmjs\.org|registry\.yarnpkg\.com|\bpypi\.org|deb\.debian\.org|proxy\.golang\.org|\bcrates\.io/,
  }),
  lineRule({
    name: 'leftover-mark',
    advice: 'Do it, or open an issue: a mark in the code is read by nobody.',
    except: LOCKFILE,
    line: /\b(TO[D]O|FIX[M]E|XX[X]|HA[C]K)\b/,
  }),
  lineRule({
    name: 'silenced-check',
    advice: 'Mend the code, or change the rule for everyone in a commit that says why.',
    except: /(^|\/)(package-lock\.json|CONTRIBUTING\.md|docs\/adr\/.*)$/,
    line: /eslint-(dis)able|@ts-(ign)ore|@ts-(no)check|@ts-(exp)ect-error|prettier-(ign)ore|istanbul (ign)ore/,
  }),
  lineRule({
    name: 'secret-in-tree',
    advice: 'Revoke it now, then take it out of the history: a committed secret is public.',
    line: /-----BEGIN [A-Z ]*PRIVATE KEY|\bsk-(proj-)?[A-Za-z0-9_]{40,}|\bAKIA[0-9A-Z]{16}\b/,
  }),
  lineRule({
    name: 'float-money',
    advice: 'Amounts and prices are NUMERIC(38,12): a float loses cents.',
    files: /\.(sql|prisma)$/,
    line: /\b\w*(amount|price|cost|balance)\w*"?\s+(float|double|real|money|Float)\b/i,
  }),
];
