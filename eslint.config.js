// What the linter refuses. Rules with a sentence of ours are in scripts/eslint; layering is dependency-cruiser's; what
// neither can see is in test/tidy. There is no way to switch a rule off in a file: `noInlineConfig`.
import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';
import * as bans from './scripts/eslint/bans.mjs';
import { noAmountArithmetic } from './scripts/eslint/no-amount-arithmetic.mjs';

const CORE = ['libs/*/core/**/*.ts', 'libs/kernel/**/*.ts'];
// Specs, and the suites that several adapters share.
const SPECS = ['**/*.spec.ts', '**/*.conformance.ts'];
const SPEC_SUPPORT = ['test/**/*.ts', 'libs/*/test/**/*.ts', 'scripts/test/**/*.ts'];

export default defineConfig(
  globalIgnores([
    'dist/',
    'data/',
    'coverage/',
    '**/generated/',
    'apps/dashboard/src/api/schema.d.ts',
    'test/fixtures/',
    'test/tidy/fixtures/',
  ]),
  { linterOptions: { noInlineConfig: true } },
  js.configs.recommended,
  {
    files: ['**/*.{ts,tsx}'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { trunkline: { rules: { 'no-amount-arithmetic': noAmountArithmetic } } },
    rules: {
      'no-empty': 'error',
      eqeqeq: 'error',
      'no-console': 'error',
      'max-lines': ['error', { max: 500 }],
      'max-lines-per-function': ['error', { max: 70 }],
      'no-restricted-syntax': ['error', ...bans.SYNTAX],
      'no-restricted-properties': ['error', ...bans.PROPERTIES],
      'no-restricted-imports': ['error', bans.IMPORTS],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/return-await': ['error', 'in-try-catch'],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      // A port answers with a promise even where an adapter has nothing to wait for.
      '@typescript-eslint/require-await': 'off',
      // Ports are often plain objects made of closures, which the rule cannot tell from classes.
      '@typescript-eslint/unbound-method': 'off',
      'trunkline/no-amount-arithmetic': 'error',
    },
  },
  {
    files: CORE,
    ignores: [...SPECS, 'libs/kernel/clock.ts'],
    rules: {
      'no-restricted-syntax': ['error', ...bans.CORE_SYNTAX],
      'no-restricted-properties': ['error', ...bans.CORE_PROPERTIES],
    },
  },
  {
    files: ['libs/realtime/core/**/*.ts'],
    ignores: SPECS,
    rules: { 'no-restricted-properties': ['error', ...bans.CORE_PROPERTIES, ...bans.HOT_PROPERTIES] },
  },
  {
    files: ['libs/realtime/adapters/**/*.ts'],
    ignores: SPECS,
    rules: { 'no-restricted-properties': ['error', ...bans.PROPERTIES, ...bans.HOT_PROPERTIES] },
  },
  {
    // The one home of amounts. typescript-eslint takes the branded bigint for something that cannot be negated.
    files: ['libs/kernel/money.ts', 'libs/kernel/money.spec.ts'],
    rules: { 'trunkline/no-amount-arithmetic': 'off', '@typescript-eslint/no-unsafe-unary-minus': 'off' },
  },
  { files: ['libs/platform/config/**/*.ts', ...SPEC_SUPPORT, ...SPECS], rules: { 'no-restricted-properties': 'off' } },
  {
    files: SPECS,
    rules: {
      // A describe block is a list of tests, not a function with a thread to follow.
      'max-lines-per-function': 'off',
      // jest types its matchers (`expect.any(...)`) as any; what is read from one is still refused.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      'max-lines': ['error', { max: 600 }],
      'no-restricted-syntax': ['error', ...bans.SPEC_SYNTAX],
      'no-restricted-imports': ['error', bans.SPEC_IMPORTS],
    },
  },
  {
    files: ['libs/*/core/**/*.spec.ts', 'libs/*/core/**/*.conformance.ts', 'libs/kernel/**/*.spec.ts'],
    rules: { 'no-restricted-syntax': ['error', ...bans.CORE_SPEC_SYNTAX] },
  },
  {
    files: ['**/*.js', '**/*.mjs', '**/*.cjs'],
    languageOptions: { globals: nodeGlobals() },
    rules: { 'max-lines': ['error', { max: 500 }], 'max-lines-per-function': ['error', { max: 70 }], eqeqeq: 'error' },
  },
  // Tools that load these files ask for a default export.
  {
    files: ['**/*.config.ts'],
    rules: { 'no-restricted-syntax': 'off', 'no-restricted-properties': 'off' },
  },
);

function nodeGlobals() {
  const names = [
    'process',
    'setTimeout',
    'clearTimeout',
    'performance',
    'URL',
    'AbortSignal',
    'AbortController',
    'fetch',
    'module',
    'require',
    '__dirname',
  ];
  return Object.fromEntries(names.map((name) => [name, 'readonly']));
}
