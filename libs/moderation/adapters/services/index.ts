// Hooks that ask a service.
export { webhookHook, type WebhookOptions, type WebhookPoster } from './webhook.js';
