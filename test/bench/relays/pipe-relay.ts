// Two sockets piped into each other after the upgrade request went through unread: the least a Node proxy with ordinary
// streams can do. Here to be measured, not to be used. Usage: pipe-relay.js UPSTREAM_PORT, with an IPC channel.
import { connect, createServer } from 'node:net';
import { pipeline } from 'node:stream';
import { serveCalls } from '../process/rpc.js';

const upstreamPort = Number(process.argv[2]);
const ignore = (): void => {};

const server = createServer({ noDelay: true }, (client) => {
  const upstream = connect({ host: '127.0.0.1', port: upstreamPort, noDelay: true });
  pipeline(client, upstream, ignore);
  pipeline(upstream, client, ignore);
});

server.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, () => {
  const address = server.address();
  serveCalls({ port: () => (typeof address === 'object' ? address?.port : null) });
});
