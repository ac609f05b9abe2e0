// FOCUS's official validator (`focus_validator` on PyPI): where it can be had, and what it says of a file. It wants Python
// 3.12 or newer and 600 MB of packages, so it is kept in node_modules/.cache once it was installed. Nothing here fails
// because it is missing: who asks is told what is.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createHash } from 'node:crypto';
import { spawn } from 'node:child_process';
import { homedir, tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { ROOT } from './project.mjs';
import { findProgram } from './tools.mjs';

const PINS = join(ROOT, 'scripts/focus-validator.txt');
const PYTHON_MIN = [3, 12];
const PROBE_MS_MAX = 5_000;
const RUN_MS_MAX = 120_000;

// What we do, in FOCUS's words: which of its conditional rules apply.
const APPLICABLE = [
  ...['ACCOUNT_NAMING_SUPPORTED', 'NEGOTIATED_PRICING_SUPPORTED', 'PUBLIC_PRICE_LIST_SUPPORTED'],
  ...['USAGE_MEASUREMENT_SUPPORTED', 'UNIT_PRICING_SUPPORTED', 'SUB_ACCOUNT_SUPPORTED', 'TAGGING_SUPPORTED'],
].join(',');

/** Rules that it refuses for reasons of its own (ADR 064), and why. Whatever else it refuses is a finding. */
const NOT_MEANT = [
  [/^BilledCost-C-00[05]-/, 'zero where the issuer is not the provider: meant for what a marketplace collects'],
  [/^InvoiceId-C-00[45]-/, 'null, and not null: rules about invoices that it applies to every row'],
  [/^ConsumedQuantity-C-00[03456]-/, 'reads CommitmentDiscountStatus, a column of who has commitments'],
  [
    /^(PricingCurrency\w*-C-|CostAndUsage-D-0(4[678]|5[0-6])-)/,
    'PricingCurrency: columns of who has several currencies',
  ],
];

/** Makes it ready, within a deadline. Resolves with `{python}`, or with `{missing}`: what is, in words. */
export async function prepareValidator(deadlineMs) {
  const folder = validatorFolder();
  const python = join(folder, 'bin/python');
  if (existsSync(python)) return { python };
  const base = await findPython();
  if (base === null) return { missing: 'Python 3.12 or newer with pip' };
  const parent = dirname(folder);
  mkdirSync(parent, { recursive: true });
  const made = mkdtempSync(join(parent, 'making-'));
  try {
    const untilMs = performance.now() + deadlineMs;
    const steps = [
      [base, ['-m', 'venv', '--without-pip', made]],
      // Compiled when first used: all of it would take longer than the download.
      [
        base,
        ['-m', 'pip', '--python', join(made, 'bin/python'), 'install', '-q', '--no-compile', '--no-deps', '-r', PINS],
      ],
    ];
    for (const [command, args] of steps) {
      const { code, output } = await run(command, args, { timeoutMs: untilMs - performance.now() });
      if (code !== 0) return { missing: `focus_validator: ${lastLine(output) || `not installed in ${deadlineMs} ms`}` };
    }
    renameSync(made, folder);
    return { python };
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
}

/**
 * What it says of a file of Cost and Usage. `{held, inapplicable, notMeant, findings}`: the first two are numbers of rules,
 * the others `{rule, why}`. Throws when it says nothing: of a version whose rules neither it nor `rules` has, for one.
 */
export async function validate(python, file, { version, rules }) {
  const folder = mkdtempSync(join(tmpdir(), 'trunkline-focus-'));
  try {
    const report = join(folder, 'report.xml');
    const { code, output } = await run(
      python,
      [
        ...['-m', 'focus_validator.main', '--data-file', resolve(file), '--validate-version', version],
        ...['--focus-dataset', 'CostAndUsage', '--applicability-criteria', APPLICABLE],
        ...['--output-type', 'unittest', '--output-destination', report],
        ...(rules === undefined ? ['--block-download'] : ['--block-download', '--rule-set-path', resolve(rules)]),
      ],
      // It looks for its list of currencies from here, and leaves a log where it runs.
      { cwd: copyOfPackages(python, folder), timeoutMs: RUN_MS_MAX },
    );
    if (!existsSync(report)) throw new Error(`the validator gave no verdict (exit code ${code}): ${lastLine(output)}`);
    return verdictOf(readFileSync(report, 'utf8'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The version that an export's file name says, such as 1.4. */
export function versionOf(file) {
  return (
    /-focus-(\d+\.\d+)[-.]/.exec(basename(file))?.[1] ?? /focus-(\d+\.\d+)\.csv$/.exec(basename(file))?.[1] ?? null
  );
}

function verdictOf(xml) {
  const cases = [...xml.matchAll(/<testcase name="([^" ]+)[^>]*?(\/>|>([\s\S]*?)<\/testcase>)/g)];
  if (cases.length === 0) throw new Error('the report of the validator names no rule');
  const verdict = { held: 0, inapplicable: 0, notMeant: [], findings: [] };
  for (const [, rule, , body = ''] of cases) {
    if (body.includes('<skipped')) verdict.inapplicable += 1;
    else if (!/<(failure|error)\b/.test(body)) verdict.held += 1;
    else {
      const known = NOT_MEANT.find(([pattern]) => pattern.test(rule));
      const why = known?.[1] ?? /message="([^"]*)"/.exec(body)?.[1] ?? '';
      (known === undefined ? verdict.findings : verdict.notMeant).push({ rule, why });
    }
  }
  return verdict;
}

function validatorFolder() {
  const pins = createHash('sha256').update(readFileSync(PINS)).digest('hex').slice(0, 12);
  return join(ROOT, 'node_modules/.cache', `focus-validator-${pins}`);
}

function copyOfPackages(python, folder) {
  const lib = join(dirname(dirname(python)), 'lib');
  const version = readdirSync(lib).find((name) => name.startsWith('python3'));
  const rules = join(lib, version ?? '', 'site-packages/focus_validator/rules');
  mkdirSync(join(folder, 'focus_validator'));
  symlinkSync(rules, join(folder, 'focus_validator/rules'));
  return folder;
}

async function findPython() {
  for (const candidate of candidates()) {
    const { code, output } = await run(candidate, ['-m', 'pip', '--version'], { timeoutMs: PROBE_MS_MAX });
    const [, major, minor] = /\(python (\d+)\.(\d+)\)/.exec(output) ?? [];
    if (code === 0 && Number(major) === PYTHON_MIN[0] && Number(minor) >= PYTHON_MIN[1]) return candidate;
  }
  return null;
}

function candidates() {
  const named = ['python3.12', 'python3.13', 'python3.14', 'python3'].map(findProgram).filter((path) => path !== null);
  const versions = join(process.env.PYENV_ROOT ?? join(homedir(), '.pyenv'), 'versions');
  const kept = existsSync(versions) ? readdirSync(versions).filter((name) => /^3\.1[2-9]/.test(name)) : [];
  return [...named, ...kept.sort().map((name) => join(versions, name, 'bin/python'))];
}

/** Runs a program to its end or its deadline. Resolves with `{code, output}`; never rejects. */
function run(command, args, { cwd = ROOT, timeoutMs }) {
  return new Promise((done) => {
    const child = spawn(command, args, {
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: Math.max(1, Math.ceil(timeoutMs)),
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => (output += text));
    child.once('error', (error) => done({ code: 1, output: String(error) }));
    child.once('close', (code) => done({ code: code ?? 1, output }));
  });
}

function lastLine(text) {
  return text.trim().split('\n').at(-1) ?? '';
}
