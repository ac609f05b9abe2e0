// Whether a session has a gate: from its beginning where its tenant has a policy then, or from the moment on when the
// tenant's first policy comes into force. Without one the session's taps are what they were.
import type { GateSession } from './gate-session.js';
import { throughGate, type SessionTaps } from './gate-tap.js';

/** What gating needs of its session. */
export interface GatingPorts {
  /** Null: nothing of the tenant is judged. */
  readonly open: () => GateSession | null;
  /** The taps without a gate. */
  readonly bare: SessionTaps;
  /** Shows messages to these taps from now on. */
  readonly setTaps: (taps: SessionTaps) => void;
  readonly isEnding: () => boolean;
}

/** The gate of one session, if it has one. */
export class SessionGating {
  /** Those to begin with. */
  readonly taps: SessionTaps;
  private opened: GateSession | null;

  constructor(private readonly ports: GatingPorts) {
    this.opened = ports.open();
    this.taps = throughGate(this.opened, ports.bare);
  }

  /** Null: nothing is judged (yet). */
  get gate(): GateSession | null {
    return this.opened;
  }

  /** Another policy is in force. A gate that is there follows by itself, one that was not needed before is opened now. */
  policyChanged(): void {
    if (this.opened !== null || this.ports.isEnding()) return;
    this.opened = this.ports.open();
    if (this.opened === null) return;
    this.ports.setTaps(throughGate(this.opened, this.ports.bare));
    this.opened.join();
  }
}
