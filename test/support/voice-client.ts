// A plain WebSocket client of the Realtime API for tests that must see the wire: statuses, headers, close codes, order.
// Conversations as an app would hold them use the official packages instead.
import WebSocket from 'ws';
import { eventually } from './poll.js';

/** A server event as it came. */
export interface ServerEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** A refused upgrade. */
export interface RefusedUpgrade {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly code: string;
    readonly param: string | null;
  };
}

export interface ConnectOptions {
  readonly model?: string;
  readonly apiKey?: string;
  readonly query?: string;
  readonly subprotocols?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** A connected client. Events are kept in order from the first. */
export interface VoiceClient {
  readonly socket: WebSocket;
  readonly sessionId: string;
  readonly events: readonly ServerEvent[];
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  send(event: object): void;
  /** Sends a message as it is, event or not. */
  sendText(text: string): void;
  /** The first event of this type at or after `from`; waits for it while the connection is there. */
  next(type: string, from?: number): Promise<ServerEvent>;
  close(): Promise<void>;
}

/** Connects, or returns how the gateway refused. */
export async function tryConnect(httpUrl: string, options: ConnectOptions): Promise<VoiceClient | RefusedUpgrade> {
  const query = options.query ?? `model=${options.model ?? 'gpt-realtime'}`;
  const authorization = options.apiKey === undefined ? {} : { authorization: `Bearer ${options.apiKey}` };
  const socket = new WebSocket(
    `${httpUrl.replace(/^http/, 'ws')}/v1/realtime?${query}`,
    [...(options.subprotocols ?? [])],
    {
      headers: { ...authorization, ...options.headers },
      perMessageDeflate: false,
    },
  );
  const client = listen(socket);
  return new Promise((resolve, reject) => {
    socket.once('upgrade', (response) => {
      client.sessionId = String(response.headers['x-trunkline-session-id'] ?? '');
    });
    socket.once('open', () => resolve(client));
    socket.once('error', reject);
    socket.once('unexpected-response', (_request, response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('end', () => {
        const { error } = JSON.parse(body) as Pick<RefusedUpgrade, 'error'>;
        resolve({ status: response.statusCode ?? 0, headers: response.headers, error });
      });
    });
  });
}

/** Connects; fails the test with the gateway's words when it refuses. */
export async function connect(httpUrl: string, options: ConnectOptions): Promise<VoiceClient> {
  const client = await tryConnect(httpUrl, options);
  if ('status' in client) throw new Error(`refused with ${client.status}: ${client.error.message}`);
  return client;
}

/** Says a text and waits for the answer; returns its `response.done`. */
export async function textTurn(client: VoiceClient, text: string): Promise<ServerEvent> {
  const from = client.events.length;
  say(client, text);
  return client.next('response.done', from);
}

/** Says a text and waits for the answer, or for the error that says why there is none; returns what came first. */
export async function turnOrError(client: VoiceClient, text: string): Promise<ServerEvent> {
  const from = client.events.length;
  say(client, text);
  return firstEvent(client, 'an answer or an error', { from, types: ['response.done', 'error'] });
}

// A connection that is gone brings nothing more: polling on would keep the test's process alive after its last test.
function firstEvent(
  { events, socket }: Pick<VoiceClient, 'events' | 'socket'>,
  what: string,
  wanted: { readonly from: number; readonly types: readonly string[] },
): Promise<ServerEvent> {
  const probe = () => {
    const found = events.slice(wanted.from).find(({ type }) => wanted.types.includes(type));
    if (found === undefined && socket.readyState === WebSocket.CLOSED)
      throw new Error(`the connection closed before it brought ${what}`);
    return found ?? null;
  };
  return eventually(what, probe, 20_000);
}

function say(client: VoiceClient, text: string): void {
  client.send({
    type: 'conversation.item.create',
    item: { type: 'message', role: 'user', content: [{ type: 'input_text', text }] },
  });
  client.send({ type: 'response.create' });
}

function listen(socket: WebSocket): VoiceClient & { sessionId: string } {
  const events: ServerEvent[] = [];
  socket.on('message', (data) => events.push(JSON.parse((data as Buffer).toString('utf8')) as ServerEvent));
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.once('close', (code, reason) => resolve({ code, reason: reason.toString('utf8') }));
  });
  return {
    socket,
    sessionId: '',
    events,
    closed,
    send: (event) => socket.send(JSON.stringify(event)),
    sendText: (text) => socket.send(text),
    next: (type, from = 0) => firstEvent({ events, socket }, type, { from, types: [type] }),
    close: async () => {
      socket.close(1000);
      await closed;
    },
  };
}
