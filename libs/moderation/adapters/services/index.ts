// Hooks that ask a service, and notices to one.
export { classifierHook, type ClassifierOptions } from './classifier-hook.js';
export { webhookHook, type WebhookOptions, type WebhookPoster } from './webhook.js';
export { sendNotice, type Notice, type NoticeOutcome, type NoticeSender } from './notice.js';
