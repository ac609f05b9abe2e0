// Mail against a real server on loopback.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localTls, type TlsFiles } from '@trunkline/platform/tls';
import { SMTPServer } from 'smtp-server';
import type { AlertMessage } from '../../index.js';
import { mailSenderOf, type MailSettings } from './index.js';

const message: AlertMessage = {
  ...{ event: 'fired', alertId: 'alt_1', rule: 'unpriced-model', kind: 'unpriced_model', severity: 'warning' },
  ...{ tenantId: null, subject: 'gpt-9\r\nBcc: everybody@example.com', detail: '<b>no price</b> für "gpt-9"' },
  ...{ value: 3, threshold: 1, unit: 'events', at: '2026-11-21T12:00:00.000Z', firedAt: null },
};

interface Got {
  readonly from: string;
  readonly to: readonly string[];
  readonly isSecure: boolean;
  readonly user: string | null;
  readonly text: string;
}

let dir = '';
let tls: TlsFiles;
const servers: SMTPServer[] = [];
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'trunkline-mail-'));
  tls = await localTls(dir, Date.now());
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise<void>((resolve) => server.close(() => resolve()))));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

interface ServerWish {
  readonly withoutTls?: boolean;
  readonly refuses?: (address: string) => number | null;
}
const mailServer = async ({ withoutTls = false, refuses = () => null }: ServerWish = {}) => {
  const got: Got[] = [];
  const server = new SMTPServer({
    ...{
      cert: tls.certPem,
      key: tls.keyPem,
      authOptional: true,
      disabledCommands: withoutTls ? ['STARTTLS'] : [],
      logger: false,
    },
    onAuth: ({ username, password }, _session, done) =>
      password === 'secret' ? done(null, { user: username }) : done(new Error('no')),
    onRcptTo: ({ address }, _session, done) => {
      const responseCode = refuses(address);
      done(responseCode === null ? null : Object.assign(new Error(`no ${address} here`), { responseCode }));
    },
    onData: (stream, { envelope, secure, user }, done) => {
      const pieces: Buffer[] = [];
      stream.on('data', (piece: Buffer) => pieces.push(piece));
      stream.on('end', () => {
        const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address;
        const to = envelope.rcptTo.map(({ address }) => address);
        const text = Buffer.concat(pieces).toString();
        got.push({ from, to, isSecure: secure, user: typeof user === 'string' ? user : null, text });
        done();
      });
    },
  });
  server.on('error', () => undefined);
  servers.push(server);
  const port = await new Promise<number>((resolve) => {
    const listening = server.listen(0, '127.0.0.1', () => {
      const address = listening.address();
      resolve(typeof address === 'object' && address ? address.port : 0);
    });
  });
  return { got, port };
};
const sent = async (port: number, more: Partial<MailSettings> = {}, to = ['ops@example.com'], user = '') => {
  const smtpUrl = `smtp://${user}localhost:${port}`;
  const settings = {
    smtpUrl,
    smtpFrom: 'trunkline@example.com',
    smtpTls: 'require',
    smtpCaFile: tls.caFile,
    ...more,
  } as const;
  const send = await mailSenderOf(settings);
  return send?.({ id: 'ald_1', message, to }, new AbortController().signal);
};

describe('an alert by mail', () => {
  it('arrives over TLS, as text and as a page, with nothing of it in the headers', async () => {
    const { got, port } = await mailServer();
    expect(await sent(port, {}, ['ops@example.com', 'ann@example.com'], 'mailer:secret@')).toEqual({ kind: 'sent' });
    expect(got).toMatchObject([
      { from: 'trunkline@example.com', to: ['ops@example.com', 'ann@example.com'], isSecure: true, user: 'mailer' },
    ]);
    const [headers = '', ...parts] = (got[0]?.text ?? '').split('\r\n\r\n');
    expect(headers).not.toMatch(/^Bcc:/im);
    expect(headers).toMatch(/^Message-ID: <ald_1@example.com>/im);
    expect(headers).toMatch(/^Auto-Submitted: auto-generated/im);
    const body = parts.join('\r\n\r\n').replaceAll('=\r\n', '').replaceAll('=3D', '=');
    expect(body).toContain('text/plain');
    expect(body).toContain('&lt;b&gt;no price&lt;/b&gt;');
  });

  it('is not sent without TLS unless the operator says so', async () => {
    const { got, port } = await mailServer({ withoutTls: true });
    expect(await sent(port)).toMatchObject({ kind: 'failed', final: false });
    expect(await sent(port, { smtpTls: 'if_offered' })).toEqual({ kind: 'sent' });
    expect(await sent(port, { smtpTls: 'never' })).toEqual({ kind: 'sent' });
    expect(got.map(({ isSecure }) => isSecure)).toEqual([false, false]);
  });

  it('is not sent to a server whose certificate nobody vouches for', async () => {
    const { got, port } = await mailServer();
    expect(await sent(port, { smtpCaFile: null })).toMatchObject({ kind: 'failed', final: false });
    expect(got).toEqual([]);
  });

  it('is given up where an address is refused for good, tried again where it is for now, and says no address', async () => {
    const refusing = (code: number) => mailServer({ refuses: (address) => (address.startsWith('no') ? code : null) });
    const [forGood, forNow] = [await refusing(550), await refusing(451)];
    expect(await sent(forGood.port, {}, ['no@example.com'])).toEqual({
      ...{ kind: 'failed', problem: 'EENVELOPE, answered 550', final: true },
    });
    expect(await sent(forNow.port, {}, ['no@example.com'])).toMatchObject({ kind: 'failed', final: false });
    expect(await sent(forGood.port, {}, ['yes@example.com', 'no@example.com'])).toEqual({
      ...{ kind: 'failed', problem: '1 of 2 addresses were refused; the others have it', final: true },
    });
  });

  it('fails with a wrong password, and with nobody there, and says neither', async () => {
    const { port } = await mailServer();
    const outcome = await sent(port, {}, ['ops@example.com'], 'mailer:canary@');
    expect(outcome).toMatchObject({ kind: 'failed', problem: 'EAUTH, answered 535' });
    expect(await sent(1)).toMatchObject({ kind: 'failed', final: false });
  });

  it('is over when whoever sends it stops', async () => {
    const { port } = await mailServer();
    const stopping = new AbortController();
    stopping.abort();
    const send = await mailSenderOf({
      ...{ smtpUrl: `smtp://localhost:${port}`, smtpFrom: 'a@b.example', smtpTls: 'require', smtpCaFile: tls.caFile },
    });
    expect(await send?.({ id: 'ald_2', message, to: ['x@y.example'] }, stopping.signal)).toMatchObject({
      kind: 'failed',
    });
  });

  it('is none without settings', async () => {
    expect(await mailSenderOf({ smtpUrl: null, smtpFrom: null, smtpTls: 'require', smtpCaFile: null })).toBeNull();
  });
});
