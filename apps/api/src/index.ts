// What `standalone` (and the control plane's own main) composes.
export { describedApi } from './openapi/described-api.js';
export { startApi, type ApiParts, type RunningApi } from './start-api.js';
export { signInOf } from './sign-in/settings.js';
export type { UpstreamKind } from './api-parts.js';
export type { LineViews } from './pools/pool-reads.js';
