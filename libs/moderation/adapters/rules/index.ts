// Rules that need no service: terms, patterns and personal data.
export { bindingsOf, type HookParts } from './make-bindings.js';
export { checkPolicy } from './check-policy.js';
export { patternsHook, MATCH_LENGTH_MAX, PATTERNS_MAX, type Pattern } from './patterns.js';
export { personalDataHook, redactPersonalData, DETECTORS, type PersonalData } from './personal-data.js';
export { termsHook, TERM_LENGTH_MAX, TERMS_MAX, type Term } from './terms.js';
