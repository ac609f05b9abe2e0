// `node scripts/focus-validate.mjs <...-cost-and-usage.csv> [--rules <folder>]`: asks FOCUS's official validator about exports.
// Says which rules it refuses and whether that is a finding; exits with 1 when one is, with 2 when it cannot be asked. The
// package has the rules of 1.2; those of later versions are files of FOCUS's releases, for `--rules`.
import './require-node.mjs';
import { prepareValidator, validate, versionOf } from './focus-validator.mjs';

const INSTALL_MS_MAX = 600_000;

const args = process.argv.slice(2);
const at = args.indexOf('--rules');
const rules = at < 0 ? undefined : args.splice(at, 2)[1];
if (args.length === 0) cannot('name a file of Cost and Usage: `export run focus --focus-version 1.2` makes one');
const { python, missing } = await prepareValidator(INSTALL_MS_MAX);
if (python === undefined) cannot(`missing: ${missing}`);
for (const file of args) {
  const version = versionOf(file);
  if (version === null) cannot(`the name of ${file} does not say which version of FOCUS it is: ...-focus-1.2-...csv`);
  const { held, inapplicable, notMeant, findings } = await validate(python, file, { version, rules }).catch((error) =>
    cannot(`${file}: ${error.message}`),
  );
  for (const { rule, why } of notMeant) process.stdout.write(`not meant for us  ${rule}: ${why}\n`);
  for (const { rule, why } of findings) process.stdout.write(`FINDING           ${rule}: ${why}\n`);
  const refused = `${notMeant.length} not meant for us, ${findings.length} findings`;
  process.stdout.write(`${file}: FOCUS ${version}, ${held} rules hold, ${inapplicable} do not apply, ${refused}\n`);
  if (findings.length > 0) process.exitCode = 1;
}

function cannot(why) {
  process.stderr.write(`${why}\n`);
  process.exit(2);
}
