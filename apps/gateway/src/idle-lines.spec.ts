import { IdleLines, WARNING_MS } from './idle-lines.js';
import { LastWord } from './last-word.js';
import { LiveSessions } from './live-session.js';

/** A session whose every answer is in the test's hands. */
class FakeSession {
  owed = 0;
  ended: string | null = null;
  readonly sent: string[] = [];
  readonly poolId = 'pool_a';
  readonly lastWord = new LastWord(0);
  readonly observer = { reportsOwed: () => this.owed, detectsTurns: true };
  readonly relay = {
    isEnding: false,
    counters: { fromClient: { bytes: 0 } },
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

  it('end nobody when the call that waited has left meanwhile', async () => {
    const rig = new Rig();
    const session = rig.add('ses_a');
    await rig.sweep();
    rig.wanted = false;
    rig.nowMs += WARNING_MS;
    await rig.sweep();
    expect(session.ended).toBeNull();
  });

  it('ask about each idle session in turn', async () => {
    const rig = new Rig();
    rig.wanted = false;
    const sessions = Array.from({ length: 20 }, (_, i) => rig.add(`ses_${i}`));
    for (let i = 0; i < 20; i++) {
      rig.nowMs += 1;
      if (i === 10) rig.wanted = true;
      await rig.sweep();
    }
    expect(rig.asked).toBe(20);
    expect(sessions.filter(({ sent }) => sent.length > 0)).toHaveLength(10);
  });
});

describe('the last word of a session', () => {
  it('is spoken for as long as the caller speaks, whatever that takes', () => {
    const word = new LastWord(0);
    word.heard('input_audio_buffer.speech_started', 1_000);
    word.received(100, true, 9_000);
    expect(word.atMs).toBe(9_000);
    word.heard('input_audio_buffer.speech_stopped', 9_500);
    word.received(200, true, 20_000);
    expect(word.atMs).toBe(9_500);
  });

  it('is spoken when an answer has been played out, not when it has been generated', () => {
    const word = new LastWord(0);
    word.answered({ quantities: [{ meter: 'output_audio', quantityMicro: 800_000_000n }] }, 5_000);
    expect(word.atMs).toBe(45_000);
  });

  it('is heard in the bytes that come in where nobody detects turns', () => {
    const word = new LastWord(0);
    word.received(100, false, 7_000);
    word.received(100, false, 9_000);
    expect(word.atMs).toBe(7_000);
  });
});
