import { describe, expect, test } from '@jest/globals';
import { at } from './support/client.js';
import { MANUAL, update, userText } from './support/harness.js';
import { testSession } from './support/session.js';
import { appends, silence, speech } from './support/speech.js';

const IDLE = update({ audio: { input: { turn_detection: { type: 'server_vad', idle_timeout_ms: 6000 } } } });

describe('time in a session', () => {
  test('it expires after 60 minutes to the millisecond, with the error and 1001', () => {
    const session = testSession();
    session.clock.advance(3_599_999);
    expect(session.closed).toEqual([]);
    session.clock.advance(1);
    const message = 'Your session hit the maximum duration of 60 minutes.';
    expect(at(session.first('error')?.event, 'error')).toEqual({
      type: 'invalid_request_error',
      code: 'session_expired',
      message,
      param: null,
      event_id: null,
    });
    expect(session.closed).toEqual([{ code: 1001, reason: message }]);
  });

  test('expires_at is an hour after the start, and an update does not move it', () => {
    const session = testSession();
    session.clock.advance(60_000);
    session.send(update({ instructions: 'x' }));
    const expiries = session.sent.map(({ event }) => at(event, 'session.expires_at'));
    expect(expiries).toEqual([1_795_003_600, 1_795_003_600]);
  });

  test('speech is generated as much faster than it plays as configured', () => {
    const session = testSession({ reply: { audioSpeed: 4, audioMs: 8000 }, latency: { firstDeltaMs: 100 } });
    session.send(MANUAL);
    session.send({ type: 'response.create' });
    session.clock.advance(10_000);
    const deltas = session.sent.filter(({ event }) => event.type === 'response.output_audio.delta');
    let playedMs = 0;
    for (const { at: sentAt, event } of deltas) {
      expect(sentAt).toBeCloseTo(100 + playedMs / 4, 3);
      playedMs += Buffer.from(String(event.delta), 'base64').length / 48;
    }
    expect(playedMs).toBeCloseTo(8000, 3);
  });

  test('rate_limits.updated follows response.done by the configured time', () => {
    const session = testSession();
    session.send(MANUAL);
    session.send({ type: 'response.create' });
    session.clock.advance(60_000);
    const gap = (session.first('rate_limits.updated')?.at ?? 0) - (session.first('response.done')?.at ?? 0);
    expect(gap).toBeCloseTo(43, 6);
  });

  test('audio waits while the client does not read, and nothing is lost', () => {
    const session = testSession({ reply: { deltas: 10, deltaBytes: 8000 } });
    session.send(MANUAL);
    session.reads = false;
    session.send({ type: 'response.create' });
    session.clock.advance(30_000);
    expect(session.types()).not.toContain('response.output_audio.delta');
    session.reads = true;
    session.clock.advance(30_000);
    expect(session.types().filter((type) => type === 'response.output_audio.delta')).toHaveLength(10);
  });
});

describe('the idle timeout', () => {
  test('counts from the end of playback, commits the silence and speaks up', () => {
    const session = testSession({ reply: { audioMs: 4000, audioSpeed: 8 }, latency: { firstDeltaMs: 0 } });
    session.send(IDLE);
    session.send({ type: 'response.create' });
    for (let second = 0; second < 9; second++) {
      session.clock.advance(1000);
      for (const append of appends(silence(1000))) session.send(append);
    }
    expect(session.types()).not.toContain('input_audio_buffer.timeout_triggered');
    session.clock.advance(1000);
    const fired = session.first('input_audio_buffer.timeout_triggered');
    expect(fired?.at).toBe(10_000);
    expect(fired?.event.item_id).toBe(session.first('input_audio_buffer.committed')?.event.item_id);
    session.clock.advance(10_000);
    expect(session.types().filter((type) => type === 'response.created')).toHaveLength(3);
  });

  test('does not fire when the user speaks in time', () => {
    const session = testSession({ reply: { audioMs: 1000 } });
    session.send(IDLE);
    session.send({ type: 'response.create' });
    session.clock.advance(3000);
    for (const append of appends(speech('hear-me'))) session.send(append);
    session.clock.advance(60_000);
    expect(session.types()).not.toContain('input_audio_buffer.timeout_triggered');
  });
});

describe('tokens per minute', () => {
  test('drain with time: what was refused is admitted later', () => {
    const session = testSession({ tokensPerMinute: { 'gpt-realtime': 400 } });
    session.send(update({ output_modalities: ['text'] }));
    session.send(userText('x'.repeat(1000)));
    const answer = (): unknown => {
      session.send({ type: 'response.create' });
      session.clock.advance(1000);
      return at(session.sent.filter(({ event }) => event.type === 'response.done').at(-1)?.event, 'response.status');
    };
    expect(answer()).toBe('completed');
    expect(answer()).toBe('failed');
    session.clock.advance(60_000);
    expect(answer()).toBe('completed');
  });
});
