// `npm run dev`: compiles on every save and restarts the standalone product. Flags go through: `npm run dev -- --json`.
import './require-node.mjs';
import { bootstrap } from './bootstrap.mjs';
import { becomeProgram } from './child.mjs';

await bootstrap({ build: false });
const nest = ['node_modules/@nestjs/cli/bin/nest.js', 'start', '--watch', '--preserveWatchOutput'];
const args = process.argv.slice(2);
await becomeProgram(process.execPath, [...nest, ...(args.length > 0 ? ['--', ...args] : [])]);
