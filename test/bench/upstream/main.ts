// The benchmark's upstream: a process that speaks just enough of OpenAI's Realtime API to be dialled by a gateway, and
// checks what it receives. Guarantees that it costs as little as Node can: no library between the socket and the
// frames. Usage: node main.js CERT.pem KEY.pem, with an IPC channel.
import { readFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { randomBytes } from 'node:crypto';
import { serveCalls } from '../process/rpc.js';
import { HeadReader, upgradeAnswer } from '../wire/upgrade.js';
import { UpstreamSession } from './session.js';
import { Stage } from './stage.js';

const stage = new Stage();
/** Sets the ids of this run apart from those of any other, so that a gateway's ledger never sees one twice. */
const runSalt = randomBytes(4).toString('hex');
let sessions = 0;
const open = new Set<UpstreamSession>();

function accept(socket: Socket): void {
  const head = new HeadReader();
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  const onHead = (chunk: Buffer): void => {
    const request = head.push(chunk);
    if (!request) return;
    socket.off('data', onHead);
    const key = request.headers.get('sec-websocket-key');
    if (!key) {
      socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n{}');
      return;
    }
    beginSession(socket, key, request.rest);
  };
  socket.on('data', onHead);
}

function beginSession(socket: Socket, key: string, rest: Buffer): void {
  sessions += 1;
  const session = new UpstreamSession(socket, stage, `${runSalt}${sessions.toString(36).padStart(8, '0')}bench`);
  open.add(session);
  socket.on('close', () => {
    open.delete(session);
    session.onClose();
  });
  socket.on('data', (chunk: Buffer) => session.push(chunk));
  socket.on('end', () => socket.end());
  socket.write(upgradeAnswer(key));
  session.greet();
  if (rest.length > 0) session.push(rest);
}

/** Ends the sessions of a group, or all: one that does not read would never learn that its client has left. */
function cut(group: unknown): void {
  for (const session of open) {
    if (group === null || session.hello?.group === group) session.cut();
  }
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the upstream did not get a port');
  return address.port;
}

const [certPath, keyPath] = process.argv.slice(2);
if (certPath === undefined || keyPath === undefined) throw new Error('usage: main.js CERT.pem KEY.pem');
const ports = {
  plain: await listen(createServer(accept)),
  tls: await listen(createTlsServer({ cert: readFileSync(certPath), key: readFileSync(keyPath) }, accept)),
};

serveCalls({
  ports: () => ports,
  openWindow: () => stage.all().forEach((group) => group.openWindow()),
  figures: () => stage.all().map((group) => group.figures()),
  setSpeaking: (speaking) => stage.setSpeaking(speaking === true),
  forget: () => stage.forget(),
  openSessions: () => open.size,
  cut: (group) => cut(group),
});
