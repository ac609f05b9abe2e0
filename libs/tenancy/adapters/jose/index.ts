export { fetchJwks } from './fetch-jwks.js';
export { IssuerKeys, type FetchJwks, type IssuerKeyParts } from './issuer-keys.js';
export { TokenVerifier, type TokenProblem, type TokenVerifierParts } from './token-verifier.js';
