// Loopback TCP ports: finding one that is free, and asking whether one is taken.
import { createServer, type Server } from 'node:net';

/** A loopback TCP port that was free a moment ago. Another process may take it first: the caller must be ready to retry. */
export async function findFreePort(): Promise<number> {
  const server = await listenOn(0);
  const address = server.address();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  if (address === null || typeof address === 'string') throw new Error('a TCP server has no port');
  return address.port;
}

/** Whether another program listens on this loopback port (or we may not use it). */
export async function isPortTaken(port: number): Promise<boolean> {
  try {
    const server = await listenOn(port);
    await new Promise<void>((resolve) => server.close(() => resolve()));
    return false;
  } catch {
    return true;
  }
}

async function listenOn(port: number): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return server;
}
