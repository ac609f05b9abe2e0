import { IdleLines, WARNING_MS } from './idle-lines.js';
import { LiveSessions } from './live-session.js';

/** A session whose every answer is in the test's hands. */
class FakeSession {
  owed = 0;
  ended: string | null = null;
  readonly sent: string[] = [];
  readonly lastWord = { atMs: 0 };
  readonly observer = { reportsOwed: () => this.owed };
  readonly relay = {
    isEnding: false,
    end: (cause: string) => void (this.ended = cause),
    sendClient: (text: string) => this.sent.push(text) > 0,
  };

  constructor(readonly id: string) {}
}

class Rig {
  nowMs = 10_000;
  wanted = true;
  asked = 0;
  readonly live = new LiveSessions();
  readonly idle = new IdleLines({
    live: this.live,
    nowMs: () => this.nowMs,
    idleMsMax: () => 5_000,
    isWanted: async () => {
      this.asked += 1;
      return this.wanted;
    },
    failed: () => undefined,
  });

  add(id: string): FakeSession {
    const session = new FakeSession(id);
    this.live.add(session as never);
    return session;
  }

  async sweep(): Promise<void> {
    this.idle.sweep();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('idle lines', () => {
  it('warn a session once, then end it', async () => {
    const rig = new Rig();
    const session = rig.add('ses_a');
    await rig.sweep();
    await rig.sweep();
    expect(session.sent).toHaveLength(1);
    expect(JSON.parse(session.sent[0] ?? '')).toMatchObject({
      type: 'trunkline.session.ending',
      reason: 'line_reclaimed',
      ends_in_ms: WARNING_MS,
    });
    rig.nowMs += WARNING_MS - 1;
    await rig.sweep();
    expect(session.ended).toBeNull();
    rig.nowMs += 1;
    await rig.sweep();
    expect(session.ended).toBe('line_reclaimed');
  });

  it('let a session be that says something after the warning', async () => {
    const rig = new Rig();
    const session = rig.add('ses_a');
    await rig.sweep();
    session.lastWord.atMs = rig.nowMs + 500;
    rig.nowMs += WARNING_MS;
    await rig.sweep();
    expect(session.ended).toBeNull();
  });

  it('ask nobody to go whose line nobody wants, who is talking, or who is not idle yet', async () => {
    const rig = new Rig();
    rig.wanted = false;
    const session = rig.add('ses_a');
    await rig.sweep();
    expect([rig.asked, session.sent]).toEqual([1, []]);
    session.owed = 1;
    await rig.sweep();
    session.owed = 0;
    session.lastWord.atMs = rig.nowMs - 4_999;
    await rig.sweep();
    expect(rig.asked).toBe(1);
  });
});
