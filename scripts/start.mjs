// `npm start`: the whole product in one process on embedded stores. Flags go through: `npm start -- --http-port 9000`.
import { nodeAdvice } from './require-node.mjs';
import { runProgram } from './program.mjs';
import { say } from './project.mjs';

const advice = nodeAdvice();
if (advice !== null) say(advice);
await runProgram('apps/standalone', process.argv.slice(2));
