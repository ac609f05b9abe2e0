// One session on the client's side. Guarantees that it counts as open only after the upstream has answered its hello,
// so that a measurement never starts on half-open sessions; that each frame received is checked; and that pings and
// closes are answered. Leaves pacing to the cast.
import type { Socket } from 'node:net';
import { ANSWERS, exchangeOf, type Hello, helloEvent, isPaced } from '../workload/behaviour.js';
import type { GroupStats } from '../workload/group-stats.js';
import type { OutgoingFrame } from '../workload/outgoing.js';
import { SequenceCheck } from '../workload/sequence.js';
import { nowUs } from '../workload/stamp.js';
import type { Verifier } from '../workload/verifier.js';
import { buildFrame, FrameReader, type FrameView, OPCODE } from '../wire/frame.js';
import { dial, type Target } from './dial.js';

const READY_DEADLINE_MS = 20_000;
const CLOSE_DEADLINE_MS = 5_000;
/** How long a greeting is waited for where it may have been lost: long after it would have come. */
const GREETING_MS = 500;
/** A client that fills a stalled upstream stops by itself here. */
const STALL_BYTES_MAX = 40 * 1024 * 1024;
const MASK = 0x1f2e3d4c;
const NORMAL_CLOSURE = Buffer.from([0x03, 0xe8]);

/** What a session needs of those who pace it. */
export interface Pacer {
  readonly verifier: Verifier;
  schedule(session: ClientSession): void;
  continueExchange(session: ClientSession): void;
  frameFor(session: ClientSession): OutgoingFrame;
}

/** A voice client. */
export class ClientSession {
  ready = false;
  private socket: Socket | null = null;
  private sequence = 0;
  private sentBytes = 0;
  private answers = 0;
  private closing = false;
  private saidHello = false;
  private onReady: () => void = () => {};
  private onClosed: () => void = () => {};
  private onFailure: (error: Error) => void = () => {};
  private readonly order: SequenceCheck;
  private readonly reader = new FrameReader((frame) => this.onFrame(frame));

  constructor(
    readonly hello: Hello,
    private readonly cast: Pacer,
    private readonly stats: GroupStats,
  ) {
    this.order = new SequenceCheck(stats.integrity);
  }

  /** Connects; resolves when the upstream has answered, rejects with what went wrong. */
  async open(target: Target): Promise<void> {
    const ready = new Promise<void>((resolve, reject) => {
      this.onReady = resolve;
      this.onFailure = reject;
    });
    const deadline = setTimeout(
      () => this.socket?.destroy(new Error('no answer to the first event')),
      READY_DEADLINE_MS,
    );
    let greeting: NodeJS.Timeout | undefined;
    const dialled = dial(target, {
      onOpen: (socket) => {
        this.socket = socket;
        if (target.losesGreeting) greeting = setTimeout(() => this.missGreeting(), GREETING_MS);
      },
      onData: (bytes, length) => this.reader.push(bytes, length),
      onClose: () => this.onSocketClose(),
    });
    try {
      await Promise.all([dialled, ready]);
    } finally {
      clearTimeout(deadline);
      clearTimeout(greeting);
    }
  }

  /** True while frames may be sent. */
  get living(): boolean {
    return this.ready && !this.closing;
  }

  /** Sends one frame of the workload. */
  send(frame: OutgoingFrame): boolean {
    if (!this.socket || !this.living) return false;
    this.stats.sent += 1;
    return frame.send(this.socket, this.sequence++, this.hello.session);
  }

  /** Closes as a good client does and waits for the other side; a session that reads nothing is cut. */
  async close(): Promise<void> {
    const { socket } = this;
    if (!socket || socket.destroyed) return;
    this.closing = true;
    const closed = new Promise<void>((resolve) => (this.onClosed = resolve));
    if (this.hello.behaviour === 'flood' || this.hello.behaviour === 'stall') socket.destroy();
    else socket.end(buildFrame(OPCODE.close, NORMAL_CLOSURE, MASK));
    const deadline = setTimeout(() => socket.destroy(), CLOSE_DEADLINE_MS);
    await closed;
    clearTimeout(deadline);
  }

  private onSocketClose(): void {
    this.onFailure(new Error('the target closed the session before it was ready'));
    if (this.living) {
      this.stats.endedEarly += 1;
      this.stats.fault(`session ${this.hello.session} was closed by the target`);
    }
    this.closing = true;
    this.onClosed();
  }

  private onFrame(frame: FrameView): void {
    if (frame.opcode === OPCODE.text) {
      if (this.ready) this.onWorkload(frame);
      else this.onGreeting(frame);
      return;
    }
    const payload = Buffer.from(frame.bytes.subarray(frame.start, frame.end));
    if (frame.opcode === OPCODE.ping) this.socket?.write(buildFrame(OPCODE.pong, payload, MASK));
    if (frame.opcode === OPCODE.close && !this.closing) {
      const code = payload.length >= 2 ? payload.readUInt16BE(0) : 1005;
      this.stats.fault(`the target closed with ${code} ${payload.toString('utf8', 2)}`);
      this.socket?.end(buildFrame(OPCODE.close, payload, MASK));
    }
  }

  /** `session.created` is answered with the hello; `session.updated` says that the upstream knows its part. */
  private onGreeting(frame: FrameView): void {
    const type = frame.bytes.toString('latin1', frame.start, Math.min(frame.end, frame.start + 40));
    if (type.includes('session.created')) {
      this.sayHello();
    } else if (type.includes('session.updated')) {
      this.ready = true;
      this.begin();
      this.onReady();
    } else {
      this.stats.fault(frame.bytes.toString('utf8', frame.start, frame.end));
    }
  }

  private missGreeting(): void {
    if (this.saidHello) return;
    this.stats.fault('the target lost session.created');
    this.sayHello();
  }

  private sayHello(): void {
    this.saidHello = true;
    this.socket?.write(buildFrame(OPCODE.text, Buffer.from(helloEvent(this.hello)), MASK));
  }

  private begin(): void {
    const { behaviour } = this.hello;
    if (behaviour === 'flood') this.socket?.pause();
    else if (behaviour === 'stall') this.stall();
    else if (isPaced(behaviour)) this.cast.schedule(this);
  }

  private onWorkload(frame: FrameView): void {
    const { verifier } = this.cast;
    const verdict = verifier.check(frame);
    if (verdict !== 'intact' || verifier.stamp.session !== this.hello.session) {
      this.stats.integrity[verdict === 'foreign' ? 'foreign' : 'altered'] += 1;
      this.stats.fault(frame.bytes.toString('utf8', frame.start, frame.end));
      return;
    }
    const { stamp, template } = verifier;
    this.order.take(stamp.sequence);
    this.stats.take(frame.end - frame.start, nowUs() - stamp.sentUs, template?.bearsUsage ?? false);
    this.answers += 1;
    const exchange = exchangeOf(this.hello.behaviour);
    if (exchange && this.answers % ANSWERS[exchange] === 0) this.cast.continueExchange(this);
  }

  private stall(): void {
    const { socket } = this;
    while (socket && !socket.destroyed && this.sentBytes < STALL_BYTES_MAX) {
      const frame = this.cast.frameFor(this);
      this.sentBytes += frame.template.payload.length;
      if (this.send(frame)) continue;
      socket.once('drain', () => this.stall());
      return;
    }
  }
}
