// A plain WebSocket client for the simulator's specs: keeps every event and waits for conditions with a deadline.
// Waiting is driven by arriving frames, never by sleeping.
import { once } from 'node:events';
import { WebSocket, type ClientOptions } from 'ws';

/** A server event, parsed but not judged. */
export type WireEvent = { readonly type: string; readonly [field: string]: unknown };

/** How the connection ended. */
export interface Closing {
  readonly code: number;
  readonly reason: string;
}

const DEADLINE_MS = 10_000;

/** A connected client. */
export class WireClient {
  readonly events: WireEvent[] = [];
  closing: Closing | null = null;
  readonly #socket: WebSocket;
  readonly #watchers = new Set<() => void>();

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data: Buffer) => {
      this.events.push(parseEvent(data.toString('utf8')));
      this.#wake();
    });
    socket.on('close', (code: number, reason: Buffer) => {
      this.closing = { code, reason: reason.toString('utf8') };
      this.#wake();
    });
    socket.on('error', () => undefined);
  }

  get socket(): WebSocket {
    return this.#socket;
  }

  send(event: object): void {
    this.#socket.send(JSON.stringify(event));
  }

  sendRaw(data: string | Buffer): void {
    this.#socket.send(data);
  }

  /** Waits until `find` gives something; fails with the events seen so far. */
  async until<T>(find: () => T | undefined | null | false, what: string): Promise<T> {
    const found = find();
    if (found !== undefined && found !== null && found !== false) return found;
    return new Promise<T>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#watchers.delete(look);
        const seen = this.events.map((event) => event.type).join(', ');
        reject(new Error(`${what} did not come within ${DEADLINE_MS} ms; seen: ${seen}`));
      }, DEADLINE_MS);
      const look = (): void => {
        const value = find();
        if (value === undefined || value === null || value === false) return;
        clearTimeout(timer);
        this.#watchers.delete(look);
        resolve(value);
      };
      this.#watchers.add(look);
    });
  }

  /** The n-th event of a type (from 1). */
  async event(type: string, nth = 1): Promise<WireEvent> {
    return this.until(() => this.all(type)[nth - 1], `${type} number ${nth}`);
  }

  async closed(): Promise<Closing> {
    return this.until(() => this.closing, 'the close');
  }

  all(type: string): WireEvent[] {
    return this.events.filter((event) => event.type === type);
  }

  async close(): Promise<Closing> {
    this.#socket.close(1000);
    return this.closed();
  }

  #wake(): void {
    for (const look of [...this.#watchers]) look();
  }
}

/** Opens a connection; the 101 has arrived when this resolves. Rejects when the upgrade is refused. */
export async function connect(
  url: string,
  options: ClientOptions & { protocols?: string[] } = {},
): Promise<WireClient> {
  const { protocols, ...rest } = options;
  const headers = protocols === undefined ? { Authorization: 'Bearer sk-simulator', ...rest.headers } : rest.headers;
  const socket = new WebSocket(url, protocols ?? [], { ...rest, ...(headers === undefined ? {} : { headers }) });
  const client = new WireClient(socket);
  await once(socket, 'open');
  return client;
}

/** The HTTP answer to an upgrade that is refused before the 101. */
export async function refusedUpgrade(
  url: string,
  options: ClientOptions = { headers: { Authorization: 'Bearer sk-simulator' } },
): Promise<{ status: number; headers: Record<string, unknown>; body: unknown }> {
  const socket = new WebSocket(url, options);
  socket.on('error', () => undefined);
  return new Promise((resolve, reject) => {
    socket.on('open', () => reject(new Error('the upgrade was accepted')));
    socket.on('unexpected-response', (_request, response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () => {
        const body: unknown = JSON.parse(Buffer.concat(parts).toString('utf8'));
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
      });
    });
  });
}

/** A field of an event or object, by path; undefined when there is none. */
export function at(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((inner, key) => {
    if (typeof inner !== 'object' || inner === null) return undefined;
    return Object.entries(inner).find(([name]) => name === key)?.[1];
  }, value);
}

/** Parses one event; throws when it is none. */
export function parseEvent(text: string): WireEvent {
  const event: unknown = JSON.parse(text);
  if (typeof event !== 'object' || event === null || !('type' in event) || typeof event.type !== 'string') {
    throw new Error('this is no event');
  }
  return { ...event, type: event.type };
}
