// From a fresh clone to something that runs: dependencies, generated database client, compiled code. Each step is
// skipped when what it made is still up to date, so that the usual start costs some 50 ms. Everything it says, and what
// the steps print, goes to stderr.
import './require-node.mjs';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runStep } from './child.mjs';
import { fingerprint, stampMatches, writeStamp } from './fingerprint.mjs';
import { withBootstrapLock } from './lock.mjs';
import { ROOT, fail, say, since } from './project.mjs';

const GENERATED = 'libs/platform/database/generated';
const GENERATE_SOURCES = [
  'docs/openapi.json',
  'prisma/schema',
  'prisma.config.ts',
  'scripts/generate.mjs',
  'package-lock.json',
];
const BUILD_SOURCES = [
  'apps',
  'libs',
  'test/bench',
  'tsconfig.json',
  'tsconfig.build.json',
  'nest-cli.json',
  'package-lock.json',
];

const DASHBOARD = 'dist/apps/dashboard';
// Built by itself: a change of a screen compiles no server.
const DASHBOARD_SOURCE = 'apps/dashboard';
const DASHBOARD_SOURCES = [DASHBOARD_SOURCE, 'libs/kernel', 'package-lock.json'];

/** Installs and generates; with `build`, compiles too. Ends the process with a clear message when a step fails. */
export async function bootstrap({ build }) {
  if (upToDate(build)) return;
  await withBootstrapLock(async () => {
    await install();
    await generate();
    if (!build) return;
    await compile();
    // After the compiler, which empties dist.
    await buildDashboard();
  });
}

/** Why `npm ci` must run, or null. Reads npm's own record of what it installed, so an `npm install` by hand counts. */
export function installProblem() {
  const recordPath = join(ROOT, 'node_modules/.package-lock.json');
  if (!existsSync(recordPath)) return 'dependencies are not installed';
  const wanted = packagesOf(join(ROOT, 'package-lock.json'));
  const installed = packagesOf(recordPath);
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === '') continue;
    const version = installed[path]?.version;
    // Binaries for other platforms stay uninstalled; npm marks them (and what only they need) as optional.
    if (version === undefined && (entry.optional || entry.devOptional)) continue;
    if (version !== entry.version) return `package-lock.json changed (${path.replace(/^node_modules\//, '')})`;
  }
  return null;
}

function upToDate(build) {
  return installProblem() === null && !generateNeeded() && !(build && (buildNeeded() || dashboardNeeded()));
}

async function install() {
  const reason = installProblem();
  if (reason === null) return;
  // The compiler and the client generator are dev dependencies: NODE_ENV=production must not leave them out.
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  await step(
    `${reason}: npm ci`,
    'npm',
    args,
    'Check the network or the npm registry setting, then run the command again.',
  );
}

function generateNeeded() {
  return !stampMatches(`${GENERATED}/.stamp`, fingerprint(GENERATE_SOURCES));
}

async function generate() {
  if (!generateNeeded()) return;
  const advice = 'The message above names the line in prisma/schema to mend.';
  await step('generating the database client', process.execPath, ['scripts/generate.mjs'], advice);
  mkdirSync(join(ROOT, GENERATED), { recursive: true });
  writeStamp(`${GENERATED}/.stamp`, fingerprint(GENERATE_SOURCES));
}

function buildNeeded() {
  return !stampMatches('dist/.stamp', fingerprint(BUILD_SOURCES, [DASHBOARD_SOURCE]));
}

function dashboardNeeded() {
  return !stampMatches(`${DASHBOARD}/.stamp`, fingerprint(DASHBOARD_SOURCES));
}

async function buildDashboard() {
  if (!dashboardNeeded()) return;
  const sources = fingerprint(DASHBOARD_SOURCES);
  const args = [
    'node_modules/vite/bin/vite.js',
    'build',
    '--config',
    'apps/dashboard/vite.config.ts',
    '--logLevel',
    'warn',
  ];
  const advice = 'The messages above name the lines to mend.';
  await step('building the dashboard', process.execPath, args, advice);
  writeStamp(`${DASHBOARD}/.stamp`, sources);
}

async function compile() {
  if (!buildNeeded()) return;
  // Taken before the build: a file saved while it ran makes the next start build again.
  const sources = fingerprint(BUILD_SOURCES, [DASHBOARD_SOURCE]);
  const advice = 'The messages above name the lines to mend.';
  await step('compiling', process.execPath, ['node_modules/@nestjs/cli/bin/nest.js', 'build'], advice);
  writeStamp('dist/.stamp', sources);
}

async function step(title, command, args, advice) {
  const startedMs = performance.now();
  say(`${title} ...`);
  const code = await runStep(command, args);
  if (code !== 0) fail(`${title}: failed with exit code ${code} after ${since(startedMs)}. ${advice}`);
  say(`${title}: done in ${since(startedMs)}`);
}

function packagesOf(path) {
  return JSON.parse(readFileSync(path, 'utf8')).packages ?? {};
}
