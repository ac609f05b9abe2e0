import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { generate } from 'selfsigned';
import { GuardedPoster, OutboundRefused } from './guarded-poster.js';
import { isAddressAllowed, parseOutboundException, urlProblem, type OutboundException } from './outbound-rules.js';
import type { ResolveHost } from './resolve-host.js';
import { TrustedPoster } from './trusted-poster.js';

const URL_OUTSIDE = new URL('https://hooks.example.com/judge');

function exceptions(...texts: readonly string[]): readonly OutboundException[] {
  return texts.map((text) => {
    const parsed = parseOutboundException(text);
    if (!parsed.ok) throw new Error(parsed.error);
    return parsed.value;
  });
}

describe('addresses that are asked', () => {
  it.each([
    '93.184.216.34',
    '8.8.8.8',
    '2606:2800:220:1:248:1893:25c8:1946',
    '::ffff:8.8.8.8',
    '172.32.0.1',
    '11.0.0.1',
  ])('%s: the public internet', (address) => {
    expect(isAddressAllowed(address, URL_OUTSIDE, [])).toBe(true);
  });

  it.each([
    ...[
      '127.0.0.1',
      '127.255.255.254',
      '0.0.0.0',
      '0.1.2.3',
      '10.0.0.1',
      '172.16.0.1',
      '172.31.255.255',
      '192.168.1.1',
    ],
    ...['169.254.169.254', '100.64.0.1', '100.100.100.200', '168.63.129.16', '192.0.0.192', '192.0.2.1', '198.18.0.1'],
    ...['198.51.100.7', '203.0.113.9', '224.0.0.1', '239.255.255.250', '240.0.0.1', '255.255.255.255', '192.88.99.1'],
    ...['::1', '::', '::127.0.0.1', '::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:10.0.0.1', '::ffff:169.254.169.254'],
    ...[
      '64:ff9b::7f00:1',
      '64:ff9b::a9fe:a9fe',
      '64:ff9b:1::1',
      '2002:7f00:1::',
      '2001:0:4136:e378:8000:63bf:3fff:fdd2',
    ],
    ...['fe80::1', 'fe80::1%eth0', 'fc00::1', 'fd00:ec2::254', 'fec0::1', 'ff02::1', '2001:db8::1', '100::1', '1::1'],
    ...['', 'localhost', '1.2.3', '0x7f.1', '2130706433', 'not an address'],
  ])('%s: not of the public internet', (address) => {
    expect(isAddressAllowed(address, URL_OUTSIDE, [])).toBe(false);
  });

  it('are those inside too that the operator named, by network, host or origin, and no others', () => {
    const inside = exceptions('10.20.0.0/16', 'hooks.corp.example', 'http://127.0.0.1:9000', 'fd12::/16');
    const allowed = (address: string, url = URL_OUTSIDE.href) => isAddressAllowed(address, new URL(url), inside);
    expect([allowed('10.20.3.4'), allowed('::ffff:10.20.3.4'), allowed('fd12::7')]).toEqual([true, true, true]);
    expect([allowed('10.21.3.4'), allowed('fd13::7')]).toEqual([false, false]);
    expect(allowed('192.168.0.9', 'https://hooks.corp.example/judge')).toBe(true);
    expect(allowed('192.168.0.9', 'https://other.corp.example/judge')).toBe(false);
    expect(allowed('127.0.0.1', 'http://127.0.0.1:9000/judge')).toBe(true);
    expect(allowed('127.0.0.1', 'http://127.0.0.1:9001/judge')).toBe(false);
  });

  it('are never those where machines get their credentials, whoever names them', () => {
    const everything = exceptions('0.0.0.0/0', '::/0', 'hooks.example.com', 'https://hooks.example.com');
    for (const address of ['169.254.169.254', '::ffff:169.254.169.254', 'fd00:ec2::254', '100.100.100.200', 'fe80::1'])
      expect(isAddressAllowed(address, URL_OUTSIDE, everything)).toBe(false);
  });
});

describe('addresses of the web', () => {
  it.each([
    ['http://hooks.example.com/', /only https/],
    ['ftp://hooks.example.com/', /only https/],
    ['file:///etc/passwd', /only https/],
    ['https://user:secret@hooks.example.com/', /user or a password/],
    ['https://169.254.169.254/latest/meta-data', /address inside/],
    ['https://[::1]/', /address inside/],
  ])('%s is refused', (text, why) => {
    expect(urlProblem(new URL(text), [])).toMatch(why);
  });

  it.each(['10.20.0.0/33', 'ten/8', 'https://a.example/path', 'ws://a.example', 'a b', 'host:80', ''])(
    '"%s" is no exception, and the refusal says what would be one',
    (text) => {
      expect(parseOutboundException(text)).toMatchObject({
        ok: false,
        error: expect.stringMatching(/write/) as string,
      });
    },
  );
});

describe('a guarded request', () => {
  const open: Server[] = [];
  const posters: GuardedPoster[] = [];
  afterEach(() => {
    for (const poster of posters.splice(0)) poster.close();
    for (const server of open.splice(0)) {
      server.close();
      server.closeAllConnections();
    }
  });

  const serve = async (answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<number> => {
    const server = createServer(answer);
    open.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  };
  const post = (url: string, rest: { named?: readonly string[]; resolve?: ResolveHost; signal?: AbortSignal } = {}) => {
    const poster = new GuardedPoster({
      exceptions: exceptions(...(rest.named ?? [])),
      resolve: rest.resolve ?? (() => Promise.resolve(['127.0.0.1'])),
    });
    posters.push(poster);
    const signal = rest.signal ?? new AbortController().signal;
    return poster.post({ url: new URL(url), headers: {}, body: '{}', bytesMax: 1_000, signal });
  };

  it('goes to the address that was checked: a name is looked up once, whatever it means later', async () => {
    const port = await serve((_request, response) => response.end('yes'));
    const origin = `http://hooks.example.com:${port}`;
    let asked = 0;
    const resolve: ResolveHost = () => Promise.resolve(++asked === 1 ? ['127.0.0.1'] : ['169.254.169.254']);
    const answer = await post(`${origin}/judge`, { named: [origin], resolve });
    expect([answer.status, answer.body.toString(), asked]).toEqual([200, 'yes', 1]);
  });

  it.each([
    ['a name that stands for an address inside', 'https://hooks.example.com/', ['10.0.0.1']],
    ['a name that also stands for one', 'https://hooks.example.com/', ['93.184.216.34', '127.0.0.1']],
    ['a name that stands for metadata', 'https://hooks.example.com/', ['::ffff:169.254.169.254']],
    ['an address inside', 'https://127.0.0.1/', []],
    ['an address inside as a number', 'https://2130706433/', []],
    ['an address inside in octal', 'https://0177.0.0.1/', []],
    ['an address inside in hexadecimal', 'https://0x7f.1/', []],
    ['a short address inside', 'https://127.1/', []],
    ['an address inside as one of IPv6', 'https://[::ffff:127.0.0.1]/', []],
    ['plain http', 'http://hooks.example.com/', ['93.184.216.34']],
  ])('does not leave for %s', async (_what, url, addresses) => {
    await expect(post(url, { resolve: () => Promise.resolve(addresses) })).rejects.toThrow(OutboundRefused);
  });

  it('follows no redirect', async () => {
    let asked = 0;
    const port = await serve((_request, response) => {
      asked += 1;
      response.writeHead(307, { location: '/elsewhere' }).end();
    });
    const origin = `http://127.0.0.1:${port}`;
    expect([(await post(origin, { named: [origin] })).status, asked]).toEqual([307, 1]);
  });

  it('takes no answer that is longer than it may be', async () => {
    const port = await serve((_request, response) => {
      response.write('x'.repeat(900));
      setImmediate(() => response.end('x'.repeat(101)));
    });
    const origin = `http://127.0.0.1:${port}`;
    await expect(post(origin, { named: [origin] })).rejects.toThrow('longer than 1000 bytes');
  });

  it('is given up when nobody waits for it: before an answer, and within one', async () => {
    for (const begin of [() => undefined, (response: ServerResponse) => response.write('{')]) {
      const controller = new AbortController();
      const port = await serve((_request, response) => {
        begin(response);
        setImmediate(() => controller.abort());
      });
      const origin = `http://127.0.0.1:${port}`;
      await expect(post(origin, { named: [origin], signal: controller.signal })).rejects.toThrow();
    }
  });

  it('asks once more when an idle connection was closed meanwhile', async () => {
    let asked = 0;
    const port = await serve((request, response) => {
      asked += 1;
      // The second request on a connection finds it closed.
      if (asked === 2) request.socket.resetAndDestroy();
      else response.end('yes');
    });
    const origin = `http://127.0.0.1:${port}`;
    const poster = new GuardedPoster({ exceptions: exceptions(origin) });
    posters.push(poster);
    const { signal } = new AbortController();
    const ask = () => poster.post({ url: new URL(origin), headers: {}, body: '{}', bytesMax: 10, signal });
    expect([(await ask()).status, (await ask()).status, asked]).toEqual([200, 200, 3]);
  });
});

describe('a request to an account of ours', () => {
  it('trusts the authority that was given for it, and for no other', async () => {
    const pem = await generate([{ name: 'commonName', value: 'localhost' }], {
      extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
    });
    const server = createTlsServer({ key: pem.private, cert: pem.cert }, (_request, response) => response.end('yes'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}/v1/moderations`);
    const poster = new TrustedPoster();
    const post = { url, headers: {}, body: '{}', bytesMax: 10, signal: new AbortController().signal };
    expect((await poster.post({ ...post, ca: pem.cert })).status).toBe(200);
    await expect(poster.post({ ...post, ca: null })).rejects.toThrow(/self-signed|unable to verify/);
    poster.close();
    server.close();
    server.closeAllConnections();
  });
});
