// What may not be written, and where, with the sentence that says what to do instead. ESLint replaces a rule's options
// when two blocks of a config set them, so the lists are composed here, floor by floor, and eslint.config.js only
// picks. Every entry has a failing example in test/tidy/lint.spec.ts.

const TEST_MARK = /^(skip|only|todo|failing)$/;
const TEST_WORD = /^(it|test|describe|each)$/;

/** Selectors for `no-restricted-syntax`, everywhere. */
export const SYNTAX = [
  ban('ExportDefaultDeclaration', 'Use a named export: the same thing has the same name everywhere.'),
  ban('TSAsExpression > TSAsExpression', 'A double cast silences the compiler: parse the value, or mend the type.'),
  ban(
    `MemberExpression[object.name=${TEST_WORD}][property.name=${TEST_MARK}]`,
    'No test is skipped, and none runs alone.',
  ),
  ban('Identifier[name=/^(xit|xtest|xdescribe|fit|fdescribe)$/]', 'No test is skipped, and none runs alone.'),
  ban('MemberExpression[property.name=/^\\$(query|execute)RawUnsafe$/]', 'Use the tagged form: it binds the values.'),
  ban(
    ':function[params.length>4]:not(MethodDefinition[kind="constructor"] > FunctionExpression)',
    'More than four parameters: pass an options object.',
  ),
  ban(
    'MethodDefinition[kind="constructor"] > FunctionExpression[params.length>6]',
    'More than six constructor parameters: this class does too much, or wants an options object.',
  ),
  ban(
    ':matches(Program, ExportNamedDeclaration) > VariableDeclaration[kind="let"]',
    'State of a module is shared by everything in the process: give it an owner that is created and closed.',
  ),
  ban(
    ':matches(Program, ExportNamedDeclaration) > VariableDeclaration NewExpression[callee.name=/^(Map|Set|WeakMap|WeakSet)$/][arguments.length=0]',
    'A collection of a module is state without an owner or a bound: keep it in the object that owns it.',
  ),
];

/** Also in core: deterministic, no environment, no machine. */
export const CORE_SYNTAX = [
  ...SYNTAX,
  ban('NewExpression[callee.name="Date"][arguments.length=0]', 'Core takes the time from a Clock (kernel).'),
  ban('MemberExpression[object.name="performance"]', 'Core takes the time from a Clock (kernel).'),
  ban('ImportExpression', 'Core imports statically: what it depends on shows in its first lines.'),
];

/** Also in specs. */
export const SPEC_SYNTAX = [
  ...SYNTAX.filter((each) => !each.selector.includes('kind="let"')),
  ban(
    'CallExpression[callee.name=/^(setTimeout|setInterval)$/]',
    'A test does not sleep: poll for what it waits for, with a deadline.',
  ),
];

/** Also in specs of core: pure code needs no mocks. */
export const CORE_SPEC_SYNTAX = [
  ...SPEC_SYNTAX,
  ban(
    'MemberExpression[object.name="jest"][property.name=/^(fn|mock|spyOn|unstable_mockModule)$/]',
    'Core needs no mocks: pass values, or a small fake of the port.',
  ),
];

const ENVIRONMENT = property(
  'process',
  'env',
  'Configuration is read and checked once, in libs/platform/config; take it as a parameter.',
);

/** `no-restricted-properties` of product code. */
export const PROPERTIES = [ENVIRONMENT];

/** `no-restricted-properties` of core. */
export const CORE_PROPERTIES = [
  ENVIRONMENT,
  property('Date', 'now', 'Core takes the time from a Clock (kernel).'),
  property('Math', 'random', 'Core takes randomness as a parameter.'),
  property('crypto', 'randomUUID', 'Core takes randomness as a parameter.'),
];

/** `no-restricted-properties` of libs/realtime: the bytes of a live session. */
export const HOT_PROPERTIES = [
  property('JSON', 'parse', 'A frame is parsed only by the tap that subscribed to its type, outside libs/realtime.'),
];

/** `no-restricted-imports` of product code. */
export const IMPORTS = {
  paths: [
    { name: 'node:process', importNames: ['env'], message: 'Configuration is read once, in libs/platform/config.' },
    {
      name: '@nestjs/common',
      importNames: ['forwardRef', 'Global', 'Scope'],
      message: 'It hides a cycle, a dependency or a cost.',
    },
    { name: '@nestjs/core', importNames: ['ModuleRef'], message: 'It hides a dependency: inject what is needed.' },
  ],
  patterns: [
    // What Vite builds beside the page and hands over as an address says so behind its name.
    { regex: '^\\.{1,2}/.*(?<!\\.(js|json)|\\?worker&url)$', message: 'A relative import ends in .js.' },
    { regex: '^@trunkline/[^/]+/core', message: 'A library is imported by its entry points only.' },
  ],
};

/** `no-restricted-imports` of specs: sleeping has more than one door. */
export const SPEC_IMPORTS = {
  paths: [
    { name: 'node:timers/promises', message: 'A test does not sleep: poll for what it waits for, with a deadline.' },
  ],
  patterns: IMPORTS.patterns,
};

function ban(selector, message) {
  return { selector, message };
}

function property(object, name, message) {
  return { object, property: name, message };
}
