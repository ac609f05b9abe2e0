export { GuardedPoster, OutboundRefused } from './guarded-poster.js';
export { outboundExceptionsOf, readOutboundExceptions, urlProblem, type OutboundException } from './outbound-rules.js';
export { signedHeaders, webhookKey } from './signed-message.js';
export type { OutboundAnswer, OutboundPost } from './send-post.js';
export { TrustedPoster } from './trusted-poster.js';
export { unsentReason } from './unsent-reason.js';
