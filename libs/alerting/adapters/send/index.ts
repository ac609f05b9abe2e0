// Ways to tell somebody of an alert.
export type { SendOutcome } from './send-outcome.js';
export { sendWeb, type WebMessage, type WebSender } from './send-web.js';
export { mailSenderOf, type Mail, type MailSender, type MailSettings } from './send-mail.js';
