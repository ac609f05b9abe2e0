// Rules that need no service: terms and personal data.
export { bindingsOf } from './make-bindings.js';
export { personalDataHook, DETECTORS, type PersonalData } from './personal-data.js';
export { termsHook, TERM_LENGTH_MAX, TERMS_MAX, type Term } from './terms.js';
