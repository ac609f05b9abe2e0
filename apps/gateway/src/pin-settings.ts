// What a client secret decides of the sessions that it opens: what they begin with, and what of it their client may not
// change. Sessions with another credential have no tap here and pay nothing.
import { plainEvent, SETTING_EVENTS, withoutPinned, type Pinned } from '@trunkline/providers/adapters/openai';
import { UNKNOWN_TYPE, type FrameTap, type FrameVerdict } from '@trunkline/realtime';
import type { ClientSecret, SessionSettings } from '@trunkline/tenancy';
import type { SessionTaps } from './gate/gate-tap.js';

/** What to set before the client gets the session; null: nothing but its model, with which it is dialled. */
export function beginningOf({ kind, session }: Pick<ClientSecret, 'kind' | 'session'>): SessionSettings | null {
  const isPlain = Object.keys(session).every((field) => field === 'type' || (field === 'model' && kind === 'realtime'));
  return isPlain ? null : session;
}

/** What of a client secret says what is pinned. */
export type Pins = Pick<ClientSecret, 'kind' | 'model' | 'pinned'>;

/** The taps of a session, behind one that takes out what its secret pins. */
export function pinnedTaps(secret: Pins | null, taps: SessionTaps): SessionTaps {
  if (secret === null) return taps;
  const pinned = { kind: secret.kind, model: secret.model, paths: secret.pinned };
  return { ...taps, fromClient: pinnedTap(taps.fromClient, pinned) };
}

/** @param inner what sees the event after this, as if its client had sent it so. */
function pinnedTap(inner: FrameTap | null, pinned: Pinned): FrameTap {
  return {
    // A message that names its type twice must not be audio here and an update at the vendor; nor for the gate behind this.
    typesFrom: 'whole',
    interest: (type, bytes) =>
      SETTING_EVENTS.has(type) || type === UNKNOWN_TYPE ? 'hold' : (inner?.interest(type, bytes) ?? 'pass'),
    noted: (type, bytes) => inner?.noted?.(type, bytes),
    message: (type, payload) => {
      const left = withoutPinned(payload, pinned) ?? plainEvent(payload);
      return shownTo(inner, type, left, left === payload);
    },
  };
}

function shownTo(
  inner: FrameTap | null,
  type: string,
  payload: Buffer,
  isAsItCame: boolean,
): FrameVerdict | Promise<FrameVerdict> {
  const written = (verdict: FrameVerdict): FrameVerdict =>
    verdict === 'forward' && !isAsItCame ? { replace: payload } : verdict;
  const interest = inner?.interest(type, payload.length) ?? 'pass';
  if (inner === null || interest !== 'hold') {
    if (interest === 'note') inner?.noted?.(type, payload.length);
    return written('forward');
  }
  const verdict = inner.message(type, payload);
  return verdict instanceof Promise ? verdict.then(written) : written(verdict);
}
