// What `standalone` and the gateway's own main compose.
export type { UpstreamAccount } from './gateway-parts.js';
export { givenAccount, settingsAccount } from './pool-accounts.js';
export { startGateway, type GatewayNeeds, type RunningGateway } from './start-gateway.js';
