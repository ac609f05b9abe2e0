// `npm run doctor`: looks at everything that keeps Trunkline from starting or testing here, and prints a fix beside each
// finding. Changes nothing. Ends with 1 when something must be mended, with 0 when there is only advice.
import { nodeAdvice } from './require-node.mjs';
import { parseArgs } from 'node:util';
import { installProblem } from './bootstrap.mjs';
import { captureStep } from './child.mjs';
import {
  clock,
  dataFolder,
  diskSpace,
  openFiles,
  port,
  redisServers,
  runningProduct,
  server,
} from './doctor-machine.mjs';
import { embeddedPostgres } from './doctor-postgres.mjs';
import { fail } from './project.mjs';
import { TOOLS, findProgram } from './tools.mjs';

const MARKS = { ok: 'ok     ', advice: 'advice ', problem: 'PROBLEM' };
const PORTS = [
  ['http-port', 'TRUNKLINE_HTTP_PORT', 8080],
  ['https-port', 'TRUNKLINE_HTTPS_PORT', 8443],
  ['admin-port', 'TRUNKLINE_ADMIN_PORT', 8081],
  ['metrics-port', 'TRUNKLINE_METRICS_PORT', 9464],
];

const settings = readSettings();
const findings = await Promise.all([
  node(),
  npm(),
  dependencies(),
  ...PORTS.map(([flag]) => port(settings.host, Number(settings[flag]), flag, runningProduct(settings.dataDir))),
  dataFolder(settings.dataDir),
  diskSpace(settings.dataDir),
  database(),
  redis(),
  ...TOOLS.map(tool),
  openFiles(),
  clock(),
]);
for (const { level, what, fix } of findings) {
  process.stdout.write(`${MARKS[level]} ${what}\n`);
  if (fix !== undefined) process.stdout.write(`        fix: ${fix}\n`);
}
const problems = findings.filter((finding) => finding.level === 'problem').length;
process.stdout.write(problems === 0 ? 'Nothing to mend.\n' : `${problems} to mend.\n`);
process.exitCode = problems === 0 ? 0 : 1;

/** The settings that the product would use: a flag wins over the environment, as there. */
function readSettings() {
  const names = ['host', 'data-dir', ...PORTS.map(([flag]) => flag)];
  const options = Object.fromEntries(names.map((name) => [name, { type: 'string' }]));
  const { values } = parseFlags(options);
  const ports = PORTS.map(([flag, variable, usual]) => [flag, values[flag] ?? process.env[variable] ?? usual]);
  return {
    host: values.host ?? process.env.TRUNKLINE_HOST ?? '127.0.0.1',
    dataDir: values['data-dir'] ?? process.env.TRUNKLINE_DATA_DIR ?? 'data',
    ...Object.fromEntries(ports),
  };
}

function parseFlags(options) {
  try {
    return parseArgs({ options });
  } catch (error) {
    if (!String(error.code).startsWith('ERR_PARSE_ARGS')) throw error;
    return fail(
      `${error.message}. The doctor takes ${Object.keys(options)
        .map((name) => `--${name}`)
        .join(', ')}.`,
    );
  }
}

function node() {
  const advice = nodeAdvice();
  if (advice === null) return { level: 'ok', what: `Node ${process.versions.node}` };
  return { level: 'advice', what: advice, fix: 'install Node 24 LTS' };
}

async function npm() {
  if (findProgram('npm') === null) return { level: 'problem', what: 'npm is missing', fix: 'install it with Node' };
  const { output } = await captureStep('npm', ['--version', '--loglevel=silent']);
  return { level: 'ok', what: `npm ${output.trim()}` };
}

function dependencies() {
  const problem = installProblem();
  if (problem === null) return { level: 'ok', what: 'dependencies are installed as package-lock.json says' };
  return { level: 'problem', what: problem, fix: 'npm ci (npm start does it, too)' };
}

async function database() {
  const url = process.env.DATABASE_URL;
  return url === undefined ? embeddedPostgres(settings.dataDir) : server('DATABASE_URL', url, 5432);
}

async function redis() {
  const url = process.env.REDIS_URL;
  if (url !== undefined) return redisServers('REDIS_URL', url);
  return { level: 'ok', what: 'REDIS_URL is not set: leases stay in this process, which suits a single one' };
}

function tool({ name, use, package: debianPackage }) {
  const path = findProgram(name);
  if (path !== null) return { level: 'ok', what: `${name} is at ${path}` };
  return { level: 'advice', what: `${name} is missing: only ${use} need it`, fix: `apt-get install ${debianPackage}` };
}
