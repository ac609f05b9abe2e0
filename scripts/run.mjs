// `node scripts/run.mjs apps/cli tenant list`: that program, up to date, with the arguments after it.
// `npm run cli`, `talk` and `bench` are this with a fixed first argument.
import './require-node.mjs';
import { runProgram } from './program.mjs';
import { fail } from './project.mjs';

const [program, ...args] = process.argv.slice(2);
if (program === undefined) fail('say which program to run, for example: node scripts/run.mjs apps/cli --help');
await runProgram(program, args);
