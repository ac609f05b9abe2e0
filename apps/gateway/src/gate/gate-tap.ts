// Puts a session's gate onto its frames, beside the tap that is there already (metering, budgets). What an app sends is
// gated first, so that a blocked question reserves nothing; what the upstream sends is metered first, so that what was
// generated is in the books whatever the gate decides. What a message is must not be in doubt: types are read from the whole.
import { BINARY_TYPE, type FrameTap, type FrameVerdict, type Interest } from '@trunkline/realtime';
import type { GateVerdict } from './gate-ports.js';
import type { GateSession } from './gate-session.js';

/** A session's taps with its gate before them; without a gate they are what they were, and cost what they did. */
export function throughGate(gate: GateSession | null, taps: SessionTaps): SessionTaps {
  if (gate === null) return taps;
  return {
    fromClient: gatedClientTap(taps.fromClient, gate),
    fromUpstream: gatedUpstreamTap(taps.fromUpstream, gate),
  };
}

/** Those of both directions. */
export interface SessionTaps {
  readonly fromClient: FrameTap | null;
  readonly fromUpstream: FrameTap;
}

/** The tap of what an app sends. @param inner what is there without a gate. */
function gatedClientTap(inner: FrameTap | null, gate: GateSession): FrameTap {
  return {
    typesFrom: 'whole',
    interest: (type, bytes) => stronger(type, inner?.interest(type, bytes) ?? 'pass', gate.interest('client', type)),
    noted: (type, bytes) => {
      inner?.noted?.(type, bytes);
      gate.noted(type, bytes);
    },
    message: (type, payload) => {
      const verdict = gate.fromClient(type, payload);
      return andThen(verdict, payload, (letIn) => askInner(inner, type, letIn));
    },
  };
}

/** The tap of what the upstream sends. @param inner meters it. */
function gatedUpstreamTap(inner: FrameTap, gate: GateSession): FrameTap {
  return {
    typesFrom: 'whole',
    interest: (type, bytes) => stronger(type, inner.interest(type, bytes), gate.interest('upstream', type)),
    noted: (type, bytes) => {
      inner.noted?.(type, bytes);
      gate.noted(type, bytes);
    },
    message: (type, payload) => {
      const verdict = askInner(inner, type, payload);
      return andThen(verdict, payload, (metered) => gate.fromUpstream(type, metered));
    },
  };
}

const ORDER: readonly Interest[] = ['pass', 'note', 'hold'];

function stronger(type: string, a: Interest, b: Interest): Interest {
  if (type === BINARY_TYPE) return a;
  return ORDER.indexOf(a) >= ORDER.indexOf(b) ? a : b;
}

/** The inner tap about a message that is held for the gate's sake: it sees what it would have seen without. */
function askInner(inner: FrameTap | null, type: string, payload: Buffer): FrameVerdict | Promise<FrameVerdict> {
  switch (inner?.interest(type, payload.length)) {
    case 'hold':
      return inner.message(type, payload);
    case 'note':
      inner.noted?.(type, payload.length);
      return 'forward';
    case 'pass':
    case undefined:
      return 'forward';
  }
}

type Verdict = FrameVerdict | GateVerdict;

/** What the second says of what the first lets through; what either changed stays changed. */
function andThen(
  first: Verdict | Promise<Verdict>,
  payload: Buffer,
  second: (payload: Buffer) => Verdict | Promise<Verdict>,
): FrameVerdict | Promise<FrameVerdict> {
  if (first instanceof Promise) return first.then((given) => andThen(given, payload, second));
  if (first === 'drop') return first;
  const changed = first === 'forward' ? null : first.replace;
  // Several messages in place of one are words of the inner tap's own: nothing in them is to be judged.
  if (changed !== null && !Buffer.isBuffer(changed)) return { replace: changed };
  const then = second(changed ?? payload);
  const kept = (given: Verdict): FrameVerdict =>
    given === 'forward' && changed !== null ? { replace: changed } : given;
  return then instanceof Promise ? then.then(kept) : kept(then);
}
