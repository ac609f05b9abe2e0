// What `standalone` (and the gateway's own main) composes.
export { composeGateway, type ComposedGateway, type GatewayOptions } from './compose-gateway.js';
export type { DrainTimes } from './door.js';
export type { UpstreamAccount } from './gateway-parts.js';
export { openJournal } from './open-journal.js';
export { openPolicy } from './open-policy.js';
export { serveGateway } from './serve-gateway.js';
