import { LiveSessions, type LiveSession } from './live-session.js';

const session = (id: string): LiveSession => ({ id }) as never;

/** Whether a promise has resolved by now. */
async function isDone(promise: Promise<unknown>): Promise<boolean> {
  let done = false;
  void promise.then(() => (done = true));
  await new Promise((resolve) => setImmediate(resolve));
  return done;
}

describe('the sessions of a process', () => {
  it('are empty only when no session is open and no call is on its way in', async () => {
    const live = new LiveSessions();
    const arrived = live.arrives();
    const empty = live.empty();
    expect(await isDone(empty)).toBe(false);
    const one = session('ses_1');
    live.add(one);
    arrived();
    expect(await isDone(empty)).toBe(false);
    live.remove(one.id);
    expect(await isDone(empty)).toBe(true);
    expect(await isDone(live.empty())).toBe(true);
  });

  it('are empty when a call on its way in was refused', async () => {
    const live = new LiveSessions();
    const arrived = live.arrives();
    const empty = live.empty();
    arrived();
    expect(await isDone(empty)).toBe(true);
  });
});
