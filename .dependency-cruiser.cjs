// The arrows of ARCHITECTURE.md as rules. One rule per arrow, named after what it forbids; each has a small tree in
// test/tidy/fixtures/arrows that breaks it and nothing else (test/tidy/arrows.spec.ts checks both).

// Specs, the suites that adapters share, and the builders that a library's own specs use.
const SPECS = ['\\.(spec|conformance)\\.ts$', '^libs/[^/]+/test/'];
const ENTRIES = [
  '^libs/[^/]+/index\\.ts$',
  '^libs/[^/]+/nest/index\\.ts$',
  '^libs/[^/]+/adapters/[^/]+/index\\.ts$',
  '^libs/platform/[^/]+/index\\.ts$',
];
const CORE = '^libs/([^/]+)/core/';

// The only cores that another core may import, besides kernel.
const CORE_ARROWS = {
  providers: ['realtime', 'metering', 'moderation'],
  moderation: ['realtime'],
  rating: ['metering'],
  reporting: ['ledger', 'metering', 'rating'],
};
// What is plain computing in Node itself; the rest opens files, sockets, processes or clocks.
const PURE_BUILTINS = ['assert', 'buffer', 'crypto', 'string_decoder', 'url', 'util', 'zlib'];
// Libraries that are plain computing too. One line each, with the reason in the commit that adds it.
const PURE_PACKAGES = ['zod'];

const forbidden = [
  {
    name: 'no-cycles',
    comment: 'Arrow 1. Two files that need each other are one thing, or hide a third.',
    from: {},
    to: { circular: true },
  },
  {
    name: 'core-is-plain',
    comment: 'Arrow 2. Core imports no framework and no driver: it must run in any process and any test.',
    from: { path: [CORE, '^libs/kernel/'], pathNot: SPECS },
    to: {
      dependencyTypesNot: ['local', 'aliased', 'core'],
      pathNot: `(^|node_modules/)(${PURE_PACKAGES.join('|')})(/|$)`,
    },
  },
  {
    name: 'core-touches-no-machine',
    comment: 'Arrow 2. Files, sockets, processes and timers are for adapters.',
    from: { path: [CORE, '^libs/kernel/'], pathNot: SPECS },
    to: { dependencyTypes: ['core'], pathNot: `^(node:)?(${PURE_BUILTINS.join('|')})$` },
  },
  {
    name: 'core-is-the-lowest-floor',
    comment: 'Floors. Core knows ports; adapters and nest know core, never the other way round.',
    from: { path: CORE, pathNot: SPECS },
    to: { path: '^libs/$1/(adapters|nest)/' },
  },
  {
    name: 'adapters-know-no-nest',
    comment: 'Floors. Nest binds ports to adapters; an adapter works without it.',
    from: { path: '^libs/([^/]+)/adapters/', pathNot: SPECS },
    to: { path: ['^libs/$1/nest/', '(^|node_modules/)@nestjs/'] },
  },
  {
    name: 'adapters-keep-to-their-library',
    comment: "Arrow 3. An adapter that imports another library's adapter ties two stores together.",
    from: { path: '^libs/([^/]+)/adapters/' },
    to: { path: '^libs/[^/]+/adapters/', pathNot: '^libs/$1/' },
  },
  {
    name: 'libraries-import-no-app',
    comment: 'Arrow 4. Nothing imports an app. Tests may start one.',
    from: { path: '^(libs|prisma)/', pathNot: SPECS },
    to: { path: '^apps/' },
  },
  {
    name: 'apps-import-no-other-app',
    comment: 'Arrow 4. Only standalone composes apps; that is its whole job.',
    from: { path: '^apps/([^/]+)/', pathNot: ['^apps/standalone/', ...SPECS] },
    to: { path: '^apps/', pathNot: '^apps/$1/' },
  },
  ...coreArrows(),
  {
    name: 'gateway-reaches-no-books',
    comment: 'Arrow 6. A bug in billing cannot drop a call.',
    from: { path: '^apps/gateway/', pathNot: SPECS },
    to: { path: '^libs/(ledger|reporting)/', reachable: true },
  },
  {
    name: 'gateway-rates-purely',
    comment: 'Arrow 6. Of rating, the gateway uses the pure core only; its main hands it the reader of prices.',
    from: { path: '^apps/gateway/src/', pathNot: SPECS },
    to: { path: '^libs/rating/(adapters|nest)/', reachable: true },
  },
  {
    name: 'control-plane-reaches-no-session',
    comment: 'Arrow 7. Api and worker touch a live session through the policy snapshot and the command channel.',
    from: { path: '^apps/(api|worker)/', pathNot: SPECS },
    // A vendor's books (openai-usage) are no session: they are read over plain HTTP, for reconciliation.
    to: { path: '^libs/(realtime|providers/adapters/(?!openai-usage/))', reachable: true },
  },
  {
    name: 'dashboard-knows-the-api-only',
    comment:
      'The dashboard is a client: of the libraries it may compute with the kernel, all else it asks the admin API.',
    from: { path: '^apps/dashboard/', pathNot: SPECS },
    to: { path: '^(libs|test|prisma)/', pathNot: '^libs/kernel/' },
  },
  {
    name: 'libraries-by-entry-point',
    comment: 'Arrow 8. index.ts, adapters/<technology>/index.ts, nest/index.ts; in platform, one per folder.',
    from: { path: '^libs/([^/]+)/' },
    to: { path: '^libs/', pathNot: ['^libs/$1/', ...ENTRIES] },
  },
  {
    name: 'libraries-by-entry-point-from-outside',
    comment: 'Arrow 8, for apps and tests.',
    from: { path: '^(apps|test|prisma)/' },
    to: { path: '^libs/', pathNot: ENTRIES },
  },
  {
    name: 'libraries-by-name',
    comment: 'Arrow 8. `@trunkline/<library>`, so that a crossing shows in the import line.',
    from: { path: '^(libs/[^/]+|apps|test|prisma)/' },
    to: { path: '^libs/', pathNot: '^$1/', dependencyTypesNot: ['aliased'] },
  },
  {
    name: 'platform-knows-no-domain',
    comment: 'Arrow 9. Platform serves every domain and so imports none.',
    from: { path: '^libs/platform/' },
    to: { path: '^libs/', pathNot: '^libs/(platform|kernel|telemetry)/' },
  },
  {
    name: 'kernel-depends-on-nothing',
    comment: 'Everything stands on the kernel.',
    from: { path: '^libs/kernel/' },
    to: { path: '^(libs|apps|test)/', pathNot: '^libs/kernel/' },
  },
  {
    name: 'simulator-is-independent',
    comment: 'The oracle shares no code with what it judges: a bug in both would cancel out.',
    from: { path: '^apps/simulator/', pathNot: SPECS },
    to: { path: '^libs/' },
  },
  {
    name: 'product-ships-no-test-code',
    comment: 'Apps and libs run without test/ and without specs.',
    from: { path: '^(apps|libs)/', pathNot: SPECS },
    to: { path: ['^test/', ...SPECS] },
  },
  {
    name: 'product-needs-no-dev-dependency',
    comment: 'What runs in production is under "dependencies".',
    // Vite builds the dashboard; what is built runs without it.
    from: { path: '^(apps|libs)/', pathNot: [...SPECS, '^apps/dashboard/vite\\.config\\.ts$'] },
    to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
  },
  {
    name: 'imports-resolve',
    comment: 'A path that leads nowhere hides its target from all other rules.',
    from: {},
    to: { couldNotResolve: true },
  },
  {
    name: 'no-dead-files',
    comment: 'A file that nothing imports and that is no program, entry point or test is dead.',
    from: { orphan: true, path: '^(apps|libs)/', pathNot: ['(^|/)(main|index)\\.ts$', ...SPECS, '\\.d\\.ts$'] },
    to: {},
  },
];

module.exports = {
  forbidden: forbidden.map((rule) => ({ severity: 'error', ...rule })),
  options: {
    doNotFollow: { path: ['node_modules', '/generated/'] },
    exclude: { path: ['^(dist|data|coverage)/', '^test/(fixtures|tidy/fixtures)/'] },
    // Type imports count: a type is knowledge too.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'types', 'default'] },
  },
};

/** Arrow 5: one rule per library with an exception, and one for all others. */
function coreArrows() {
  const special = Object.keys(CORE_ARROWS);
  const rule = (name, from, allowed) => ({
    name,
    comment: `Arrow 5. Core may import kernel${allowed.length > 0 ? ` and ${allowed.join(', ')}` : ' only'}.`,
    from,
    to: { path: '^libs/', pathNot: ['^libs/$1/', ...['kernel', ...allowed].map((each) => `^libs/${each}/`)] },
  });
  return [
    rule('core-imports-kernel-only', { path: CORE, pathNot: [`^libs/(${special.join('|')})/`, ...SPECS] }, []),
    ...special.map((library) =>
      rule(`core-of-${library}`, { path: `^libs/(${library})/core/`, pathNot: SPECS }, CORE_ARROWS[library]),
    ),
  ];
}
