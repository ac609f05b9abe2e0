// An alert as mail, by the company's own server. Guarantees that nothing of an alert becomes a header (subjects are one line,
// addresses were checked when the channel was made), that a mail that is sent again has the same Message-ID, and that a try is over
// after a bounded time. Which server, and whether without TLS, is the operator's to say: no tenant chooses where we connect to.
import { readFile } from 'node:fs/promises';
import nodemailer, { type SMTPSentMessageInfo, type SMTPTransportOptions, type Transporter } from 'nodemailer';
import { headlineOf, htmlText, plainText, type AlertMessage } from '../../index.js';
import type { SendOutcome } from './send-outcome.js';

/** The settings of mail. */
export interface MailSettings {
  /** `smtp://user:password@host:587` or `smtps://...`; null: no mail is sent. */
  readonly smtpUrl: string | null;
  readonly smtpFrom: string | null;
  readonly smtpTls: 'require' | 'if_offered' | 'never';
  /** Authority (PEM) to trust in place of the public ones. */
  readonly smtpCaFile: string | null;
}

/** A mail. */
export interface Mail {
  /** The same for each try. */
  readonly id: string;
  readonly message: AlertMessage;
  readonly to: readonly string[];
}

/** Sends a mail. */
export type MailSender = (mail: Mail, signal: AbortSignal) => Promise<SendOutcome>;

// Together below the time that a try may take.
const CONNECT_MS_MAX = 8_000;
const ANSWER_MS_MAX = 10_000;
const PORTS: Readonly<Record<string, number>> = { 'smtp:': 587, 'smtps:': 465 };

/** The sender of these settings; null: none is set. Rejects when the authority's file cannot be read. */
export async function mailSenderOf({
  smtpUrl,
  smtpFrom,
  smtpTls,
  smtpCaFile,
}: MailSettings): Promise<MailSender | null> {
  if (smtpUrl === null || smtpFrom === null) return null;
  const url = new URL(smtpUrl);
  const ca = smtpCaFile === null ? null : await readFile(smtpCaFile, 'utf8');
  const transport = nodemailer.createTransport(optionsOf(url, { smtpTls, ca }));
  return (mail, signal) => send(transport, { from: smtpFrom, mail }, signal);
}

function optionsOf(
  url: URL,
  { smtpTls, ca }: { readonly smtpTls: MailSettings['smtpTls']; readonly ca: string | null },
): SMTPTransportOptions {
  const user = decodeURIComponent(url.username);
  const isWrapped = url.protocol === 'smtps:';
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (PORTS[url.protocol] ?? 587) : Number(url.port),
    ...{ secure: isWrapped, requireTLS: smtpTls === 'require', ignoreTLS: !isWrapped && smtpTls === 'never' },
    tls: { minVersion: 'TLSv1.2', ...(ca === null ? {} : { ca }) },
    ...(user === '' ? {} : { auth: { user, pass: decodeURIComponent(url.password) } }),
    ...{ connectionTimeout: CONNECT_MS_MAX, dnsTimeout: CONNECT_MS_MAX },
    ...{ greetingTimeout: ANSWER_MS_MAX, socketTimeout: ANSWER_MS_MAX },
    ...{ disableFileAccess: true, disableUrlAccess: true },
  };
}

async function send(
  transport: Transporter<SMTPSentMessageInfo, SMTPTransportOptions>,
  { from, mail }: { readonly from: string; readonly mail: Mail },
  signal: AbortSignal,
): Promise<SendOutcome> {
  const { id, message, to } = mail;
  const domain = from.slice(from.lastIndexOf('@') + 1).replace(/>$/, '');
  try {
    const sending = transport.sendMail({
      ...{ from, to: [...to], subject: headlineOf(message), text: plainText(message), html: htmlText(message) },
      messageId: `<${id}@${domain}>`,
      headers: { 'Auto-Submitted': 'auto-generated', 'X-Trunkline-Delivery': id },
    });
    const { rejected } = await unlessAborted(sending, signal);
    if (rejected.length === 0) return { kind: 'sent' };
    // Trying again would tell the others twice: a person decides.
    const problem = `${rejected.length} of ${to.length} addresses were refused; the others have it`;
    return { kind: 'failed', problem, final: true };
  } catch (error) {
    return { kind: 'failed', problem: reasonOf(error), final: isRefusedForGood(error) };
  }
}

// The connection ends by its own timeouts; whoever stops does not wait for them.
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(new Error('no answer'));
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

// Codes only: what a mail server says may repeat addresses.
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'no answer';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : 'no answer';
  const status = statusOf(error);
  return status === null ? code : `${code}, answered ${status}`;
}

// Of the answers to an address, those that say never.
function isRefusedForGood(error: unknown): boolean {
  const isAddress = error instanceof Error && 'code' in error && error.code === 'EENVELOPE';
  return isAddress && (statusOf(error) ?? 0) >= 500;
}

function statusOf(error: Error): number | null {
  return 'responseCode' in error && typeof error.responseCode === 'number' ? error.responseCode : null;
}
