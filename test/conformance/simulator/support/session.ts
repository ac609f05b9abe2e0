// A session without sockets on a virtual clock: what it sends is collected, with the instant.
import { loadClips } from '../../../../apps/simulator/index.js';
import { Recogniser } from '../../../../apps/simulator/audio/recognise.js';
import { Books } from '../../../../apps/simulator/books.js';
import { parseConfig, type SimulatorConfigInput } from '../../../../apps/simulator/config.js';
import { Ids } from '../../../../apps/simulator/ids.js';
import { TokenLimiter } from '../../../../apps/simulator/limiter.js';
import { Session } from '../../../../apps/simulator/session/session.js';
import { parseEvent, type WireEvent } from './client.js';
import { VirtualClock } from './virtual-clock.js';

const clips = loadClips();
const recogniser = new Recogniser(clips);

/** A session with its surroundings. */
export interface TestSession {
  readonly clock: VirtualClock;
  readonly sent: { readonly at: number; readonly event: WireEvent }[];
  readonly closed: { readonly code: number; readonly reason: string }[];
  /** Set to false to play a client that does not read. */
  reads: boolean;
  send(event: object): void;
  types(): string[];
  first(type: string): { readonly at: number; readonly event: WireEvent } | undefined;
}

/** Opens a session of `gpt-realtime`. Times in `sent` are milliseconds since it opened. */
export function testSession(input: SimulatorConfigInput = {}): TestSession {
  const config = parseConfig(input);
  const clock = new VirtualClock();
  const start = clock.now();
  const now = (): number => clock.now();
  const books = new Books(now, () => ({ ...config.books, usageEntriesMax: 100, countedAt: 'end' }));
  const [model] = parseConfig({ models: [{ id: 'gpt-realtime' }] }).models;
  if (model === undefined) throw new Error('no model');
  const record = books.open({
    id: 'sess_test',
    index: 0,
    key: 'sk-simulator',
    model: model.id,
    kind: 'realtime',
    transport: 'ws',
    path: '/v1/realtime?model=gpt-realtime',
    subprotocols: [],
    headers: {},
  });
  const collect = (event: WireEvent): void => {
    test.sent.push({ at: clock.now() - start, event });
  };
  const wire = {
    send: (_type: string, frame: string) => collect(parseEvent(frame)),
    sendResponseDone: (event: WireEvent) => collect(event),
    canSend: () => test.reads,
    close: (code: number, reason: string) => test.closed.push({ code, reason }),
  };
  const limiter = new TokenLimiter(now, () => config);
  const ids = new Ids(now, Buffer.alloc(16, 7));
  const services = { clock, ids, clips, recogniser, limiter, books, config: () => config };
  const session = new Session(
    services,
    { ...wire, close: (code, reason) => void wire.close(code, reason) },
    record,
    model,
  );
  const test: TestSession = {
    clock,
    sent: [],
    closed: [],
    reads: true,
    send: (event) => session.receive(Buffer.from(JSON.stringify(event)), false),
    types: () => test.sent.map(({ event }) => event.type),
    first: (type) => test.sent.find(({ event }) => event.type === type),
  };
  session.open();
  return test;
}
