// All sessions of the load client: their frames, their pacing, their counters. Guarantees that one timer paces any
// number of sessions and that a silenced cast sends nothing more. Leaves one session's protocol to `session.ts`.
import { type Behaviour, CLIENT_MASK, exchangeOf, FRAME_INTERVAL_MS, TURN } from '../workload/behaviour.js';
import { GroupStats } from '../workload/group-stats.js';
import { OutgoingFrame } from '../workload/outgoing.js';
import { clientTemplates, serverTemplates, type Template } from '../workload/templates.js';
import { Verifier } from '../workload/verifier.js';
import { Wheel } from '../workload/wheel.js';
import type { Target } from './dial.js';
import { ClientSession } from './session.js';

/** Exchanges that a session keeps in flight: the next frame is on its way while the last is being answered. */
const EXCHANGES_IN_FLIGHT = 2;

/** What to open. */
export interface OpenRequest {
  target: Target;
  group: string;
  behaviour: Behaviour;
  sessions: number;
  /** Handshakes at a time. */
  concurrency: number;
}

/** How opening went. */
export interface OpenOutcome {
  opened: number;
  failed: number;
  firstError: string | null;
  tookMs: number;
}

/** The load client's sessions. */
export class Cast {
  readonly verifier = new Verifier(serverTemplates().all, 'server');
  private readonly voice: OutgoingFrame[];
  private readonly phone: OutgoingFrame[];
  private readonly sessions = new Set<ClientSession>();
  private readonly groups = new Map<string, GroupStats>();
  private readonly wheel = new Wheel<ClientSession>(performance.now());
  private numbered = 0;
  private picked = 0;
  private speaking = false;

  constructor() {
    const templates = clientTemplates();
    const outgoing = (template: Template): OutgoingFrame => new OutgoingFrame(template, CLIENT_MASK);
    this.voice = templates.voice.map(outgoing);
    this.phone = templates.phone.map(outgoing);
    setInterval(() => this.turn(), 1);
  }

  /** Opens sessions, a few at a time; failures are counted, not thrown. */
  async open({ target, group, behaviour, sessions, concurrency }: OpenRequest): Promise<OpenOutcome> {
    const stats = this.groups.get(group) ?? new GroupStats(group);
    this.groups.set(group, stats);
    const outcome: OpenOutcome = { opened: 0, failed: 0, firstError: null, tookMs: 0 };
    const started = performance.now();
    let begun = 0;
    const worker = async (): Promise<void> => {
      while (begun < sessions) {
        const phaseMs = Math.floor((begun++ * TURN.periodMs) / sessions);
        const session = new ClientSession({ behaviour, group, session: ++this.numbered, phaseMs }, this, stats);
        this.sessions.add(session);
        try {
          await session.open(target);
          outcome.opened += 1;
        } catch (error) {
          this.sessions.delete(session);
          outcome.failed += 1;
          outcome.firstError ??= `${stats.firstFault ?? ''} ${error instanceof Error ? error.message : String(error)}`;
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(concurrency, sessions) }, worker));
    outcome.tookMs = performance.now() - started;
    return outcome;
  }

  /** The counters of all groups. */
  all(): GroupStats[] {
    return [...this.groups.values()];
  }

  /** Lets the sessions fall silent at once, or speak; sessions in exchanges then put their first frames in flight. */
  setSpeaking(speaking: boolean): void {
    this.speaking = speaking;
    if (!speaking) return;
    for (const session of this.sessions) {
      if (!exchangeOf(session.hello.behaviour)) continue;
      for (let i = 0; i < EXCHANGES_IN_FLIGHT; i++) this.continueExchange(session);
    }
  }

  /** Closes all sessions of a group, or all there are, and drops the counters of closed groups. */
  async close(group: string | null): Promise<void> {
    const leaving = [...this.sessions].filter((session) => group === null || session.hello.group === group);
    for (const session of leaving) this.sessions.delete(session);
    await Promise.all(leaving.map((session) => session.close()));
    if (group === null) this.groups.clear();
    else this.groups.delete(group);
    if (this.sessions.size === 0) this.speaking = false;
  }

  /** The next frame for a session to send. */
  frameFor(session: ClientSession): OutgoingFrame {
    const { behaviour } = session.hello;
    const small = behaviour === 'phone' || behaviour === 'exchange-small' || behaviour === 'exchange-large';
    const frames = small ? this.phone : this.voice;
    const frame = frames[this.picked++ % frames.length];
    if (!frame) throw new Error('no frames to send');
    return frame;
  }

  /** Starts pacing a session, somewhere in its first interval. */
  schedule(session: ClientSession): void {
    this.wheel.put(performance.now() + (session.hello.session % intervalOf(session)), session);
  }

  /** Sends the next frame of an exchange. */
  continueExchange(session: ClientSession): void {
    if (this.speaking) session.send(this.frameFor(session));
  }

  private turn(): void {
    this.wheel.turn(performance.now(), (session, dueMs) => {
      if (!session.living) return;
      if (this.speaking) session.send(this.frameFor(session));
      this.wheel.put(dueMs + intervalOf(session), session);
    });
  }
}

function intervalOf(session: ClientSession): number {
  return session.hello.behaviour === 'phone' ? FRAME_INTERVAL_MS.phone : FRAME_INTERVAL_MS.voice;
}
