// Hooks that ask a service.
export { classifierHook, type ClassifierOptions } from './classifier-hook.js';
export { webhookHook, type WebhookOptions, type WebhookPoster } from './webhook.js';
