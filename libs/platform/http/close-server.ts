import type { Server } from 'node:http';

// A browser opens connections it may never use, and those count as active; requests under way get this long to be answered.
const ANSWER_MS_MAX = 1_000;

/** Stops listening, lets requests under way be answered, and cuts what is left after a second. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), ANSWER_MS_MAX);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}
