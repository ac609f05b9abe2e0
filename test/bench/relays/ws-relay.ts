// The relay that comes to mind first: `ws` in, `ws` out, a message at a time. Here to be measured, not to be used: it
// has no flow control. Usage: ws-relay.js UPSTREAM_PORT [parse], with an IPC channel.
import { createServer } from 'node:http';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import { serveCalls } from '../process/rpc.js';

const upstreamPort = Number(process.argv[2]);
const parses = process.argv[3] === 'parse';
const accepting = new WebSocketServer({ noServer: true, perMessageDeflate: false });
const server = createServer();

function forward(from: WebSocket, to: WebSocket, message: RawData, isBinary: boolean): void {
  if (!Buffer.isBuffer(message)) return;
  if (to.readyState !== WebSocket.OPEN) from.close();
  else if (parses) to.send(JSON.stringify(JSON.parse(message.toString())));
  else to.send(message, { binary: isBinary });
}

server.on('upgrade', (request, socket, head) => {
  const upstream = new WebSocket(`ws://127.0.0.1:${upstreamPort}${request.url}`, { perMessageDeflate: false });
  upstream.on('error', () => socket.destroy());
  upstream.once('open', () => {
    upstream.pause();
    accepting.handleUpgrade(request, socket, head, (client) => {
      client.on('message', (message, isBinary) => forward(client, upstream, message, isBinary));
      upstream.on('message', (message, isBinary) => forward(upstream, client, message, isBinary));
      client.on('close', () => upstream.close());
      client.on('error', () => upstream.terminate());
      upstream.on('close', () => client.close());
      upstream.resume();
    });
  });
});

server.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, () => {
  const address = server.address();
  serveCalls({ port: () => (typeof address === 'object' ? address?.port : null) });
});
