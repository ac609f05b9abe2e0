// The listening sockets, plain and TLS, and their end. Guarantees that close() leaves no socket and no timer behind;
// leaves requests to http-api.ts and upgrade.ts.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { answerHttp } from './http-api.js';
import type { Inspected } from './inspect.js';
import type { Upgrader } from './upgrade.js';

/** A listening server. */
export interface Listening {
  readonly port: number;
  close(): Promise<void>;
}

/** Where and how to listen. */
export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  readonly tls: { readonly certPem: string; readonly keyPem: string } | null;
}

/** Listens; rejects with a message that names the port and says what to do when it is taken. */
export async function listen(options: ListenOptions, upgrader: Upgrader, inspected: Inspected): Promise<Listening> {
  const { tls, host, port } = options;
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    // A client that breaks off while it sends its body is its own affair; the socket is closed with it.
    answerHttp(request, response, inspected).catch(() => response.destroy());
  };
  const server: Server =
    tls === null ? createServer(onRequest) : createTlsServer({ cert: tls.certPem, key: tls.keyPem }, onRequest);
  const sockets = new Map<number, Socket>();
  server.on('connection', (socket: Socket) => {
    const remotePort = socket.remotePort ?? 0;
    sockets.set(remotePort, socket);
    socket.once('close', () => sockets.delete(remotePort));
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const tcp = sockets.get(request.socket.remotePort ?? 0) ?? request.socket;
    upgrader.handle({ request, socket, head, tcp, transport: tls === null ? 'ws' : 'wss' });
  });
  const address = await bind(server, host, port);
  return {
    port: address.port,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      for (const socket of sockets.values()) socket.destroy();
      await closed;
    },
  };
}

function bind(server: Server, host: string, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const why =
        cause.code === 'EADDRINUSE' ? 'the port is taken: choose another with --port or --tls-port' : cause.message;
      reject(new Error(`the simulator cannot listen on ${host}:${port}: ${why}`, { cause }));
    });
    server.listen(port, host, () => {
      const address = server.address();
      if (address === null || typeof address === 'string') reject(new Error('the server has no TCP address'));
      else resolve(address);
    });
  });
}
