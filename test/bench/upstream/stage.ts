// What all sessions of the upstream share: the frames, the verifier, the groups' counters and the pacing of turns.
// Guarantees that one timer paces any number of sessions. Leaves sockets to the sessions.
import { type ANSWERS, CLIENT_MASK, type Hello, isPaced, TURN } from '../workload/behaviour.js';
import { GroupStats } from '../workload/group-stats.js';
import { OutgoingFrame } from '../workload/outgoing.js';
import { clientTemplates, serverTemplates, type Template } from '../workload/templates.js';
import { Verifier } from '../workload/verifier.js';
import { Wheel } from '../workload/wheel.js';

const SESSION_LIFETIME_S = 3600;

/** What the stage needs of a session. */
export interface Player {
  readonly socket: { readonly destroyed: boolean };
  readonly hello: Hello | null;
  readonly turn: number;
  beginResponse(): void;
  send(frame: OutgoingFrame): boolean;
}

/** A session somewhere in its turn; step 0 begins one. */
interface Cue {
  session: Player;
  script: OutgoingFrame[];
  step: number;
}

/** The shared part of the upstream process. */
export class Stage {
  readonly expiresAt = Math.floor(Date.now() / 1000) + SESSION_LIFETIME_S;
  readonly verifier = new Verifier(clientTemplates().all, 'client', CLIENT_MASK);
  readonly frames: {
    turn: OutgoingFrame[];
    phoneTurn: OutgoingFrame[];
    dones: OutgoingFrame[];
    answer: Record<keyof typeof ANSWERS, OutgoingFrame>;
  };
  private readonly wheel = new Wheel<Cue>(performance.now());
  private readonly groups = new Map<string, GroupStats>();
  private speaking = false;

  constructor() {
    const { turn, phoneTurn, dones, answer } = serverTemplates();
    const outgoing = (template: Template): OutgoingFrame => new OutgoingFrame(template);
    this.frames = {
      turn: turn.map(outgoing),
      phoneTurn: phoneTurn.map(outgoing),
      dones: dones.map(outgoing),
      answer: {
        'exchange-small': outgoing(answer['exchange-small']),
        'exchange-voice': outgoing(answer['exchange-voice']),
        'exchange-large': outgoing(answer['exchange-large']),
      },
    };
    setInterval(() => this.turn(), 1);
  }

  /** The counters of a group, made when its first session says hello. */
  group(name: string): GroupStats {
    const stats = this.groups.get(name) ?? new GroupStats(name);
    this.groups.set(name, stats);
    return stats;
  }

  /** All groups since the last `forget`. */
  all(): GroupStats[] {
    return [...this.groups.values()];
  }

  /** Takes a session that has said hello: a paced one gets its first turn, at the phase its client asked for. */
  enter(session: Player): void {
    const { hello } = session;
    if (!hello || !isPaced(hello.behaviour)) return;
    const script = hello.behaviour === 'phone' ? this.frames.phoneTurn : this.frames.turn;
    this.wheel.put(performance.now() + (hello.phaseMs % TURN.periodMs), { session, script, step: 0 });
  }

  /** Lets sessions speak, or fall silent at the end of their turn. */
  setSpeaking(speaking: boolean): void {
    this.speaking = speaking;
  }

  /** Drops the counters of finished groups. */
  forget(): void {
    this.groups.clear();
    this.speaking = false;
  }

  private turn(): void {
    this.wheel.turn(performance.now(), (cue, dueMs) => {
      if (cue.session.socket.destroyed) return;
      // A turn that has begun is finished: a gateway waits for the end of a response before it lets a session go.
      if (this.speaking || cue.step > 0) this.perform(cue);
      const rest = cue.step === 0 ? TURN.periodMs - cue.script.length * TURN.spacingMs : TURN.spacingMs;
      this.wheel.put(dueMs + rest, cue);
    });
  }

  private perform(cue: Cue): void {
    if (cue.step === 0) cue.session.beginResponse();
    // Behind the script comes `response.done`, in a size that changes from turn to turn.
    const { dones, turn } = this.frames;
    const endings = cue.session.hello?.behaviour === 'unbilled' ? turn.slice(-1) : dones;
    const frame = cue.script[cue.step] ?? endings[cue.session.turn % endings.length];
    if (frame) cue.session.send(frame);
    cue.step = (cue.step + 1) % (cue.script.length + 1);
  }
}
