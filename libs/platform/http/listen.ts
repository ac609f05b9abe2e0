// Binding a server to an address, with a message that says which flag to change when that fails.
import type { Server } from 'node:net';

/** The address could not be bound. The message says what to do. */
export class ListenFailed extends Error {
  override readonly name = 'ListenFailed';
}

/** Where to listen. `flag` is named in the message, e.g. `--http-port`. Port 0 picks a free one. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
  readonly flag: string;
}

/** Starts listening and returns the port that was bound. @throws ListenFailed */
export function listen(server: Server, { host, port, flag }: ListenAddress): Promise<number> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException) =>
      reject(new ListenFailed(explain(error, host, port, flag), { cause: error }));
    server.once('error', failed);
    server.listen({ host, port, backlog: 4096 }, () => {
      server.off('error', failed);
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : port);
    });
  });
}

function explain(error: NodeJS.ErrnoException, host: string, port: number, flag: string): string {
  switch (error.code) {
    case 'EADDRINUSE':
      return `port ${port} on ${host} is taken by another process: stop it, or choose another port with ${flag}`;
    case 'EACCES':
      return `not allowed to listen on port ${port}: ports below 1024 need privileges; choose another with ${flag}`;
    case 'EADDRNOTAVAIL':
      return `this machine has no address ${host}: choose another with --host`;
    default:
      return `cannot listen on ${host}:${port} (${error.code ?? error.message}): choose another with ${flag}`;
  }
}
