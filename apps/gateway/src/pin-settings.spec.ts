import type { FrameTap, FrameVerdict } from '@trunkline/realtime';
import { beginningOf, pinnedTaps, type Pins } from './pin-settings.js';

const SECRET: Pins = { kind: 'realtime', model: 'gpt-realtime', pinned: ['instructions'] };
const UPSTREAM: FrameTap = { interest: () => 'pass', message: () => 'forward' };
const UPDATE = Buffer.from('{"type":"session.update","session":{"type":"realtime","instructions":"mine","tools":[]}}');
const WITHOUT = '{"type":"session.update","session":{"type":"realtime","tools":[]}}';

function tapOver(inner: FrameTap | null): FrameTap {
  const { fromClient } = pinnedTaps(SECRET, { fromClient: inner, fromUpstream: UPSTREAM });
  if (fromClient === null) throw new Error('a secret has a tap');
  return fromClient;
}

const replaced = (verdict: FrameVerdict) => (typeof verdict === 'object' ? String(verdict.replace) : verdict);

describe('the tap of pinned settings', () => {
  it('is not there for who has no client secret', () => {
    const taps = { fromClient: null, fromUpstream: UPSTREAM };
    expect(pinnedTaps(null, taps)).toBe(taps);
  });

  it('lets audio pass unseen and holds what can change settings', () => {
    const types = ['input_audio_buffer.append', 'session.update', 'response.create', 'unknown'];
    expect(types.map((type) => tapOver(null).interest(type, 9))).toEqual(['pass', 'hold', 'hold', 'hold']);
  });

  it('reads types as the vendor does, for itself and for the gate behind it', async () => {
    expect(tapOver(null).typesFrom).toBe('whole');
    expect(tapOver({ interest: () => 'hold', message: () => 'forward' }).typesFrom).toBe('whole');
    const doubled = UPDATE.toString().replace('{', '{"type":"input_audio_buffer.append",');
    expect(replaced(await tapOver(null).message('unknown', Buffer.from(doubled)))).toBe(WITHOUT);
  });

  it('lets nothing through that cannot be read here, but perhaps elsewhere', async () => {
    for (const odd of [UPDATE.toString().replace('}}', '},"n":NaN}'), `\ufeff${UPDATE.toString()}`])
      expect(replaced(await tapOver(null).message('unknown', Buffer.from(odd)))).toBe('{');
  });

  it('sends an update on without what is pinned', async () => {
    expect(replaced(await tapOver(null).message('session.update', UPDATE))).toBe(WITHOUT);
  });

  it('leaves everything else as it came', async () => {
    expect(await tapOver(null).message('unknown', Buffer.from('{"type":"response.cancel"}'))).toBe('forward');
  });

  it.each<[string, FrameVerdict, string]>([
    ['forwards', 'forward', WITHOUT],
    ['drops', 'drop', 'drop'],
    ['replaces', { replace: Buffer.from('another') }, 'another'],
  ])('shows the gate behind it what is left, and what that %s counts', async (_, verdict, expected) => {
    const seen: string[] = [];
    const message = async (_type: string, payload: Buffer) => (seen.push(payload.toString()), verdict);
    const outcome = await tapOver({ interest: () => 'hold', message }).message('session.update', UPDATE);
    expect(seen).toEqual([WITHOUT]);
    expect(replaced(outcome)).toBe(expected);
  });

  it('tells who only notes', async () => {
    const noted: string[] = [];
    const inner: FrameTap = { interest: () => 'note', noted: (type) => void noted.push(type), message: () => 'drop' };
    expect(replaced(await tapOver(inner).message('session.update', UPDATE))).toBe(WITHOUT);
    expect(noted).toEqual(['session.update']);
  });
});

describe('the beginning of a session', () => {
  it('costs no round trip where nothing but the model was chosen', () => {
    expect(beginningOf({ kind: 'realtime', session: { type: 'realtime', model: 'gpt-realtime' } })).toBeNull();
    const chosen = { type: 'realtime', model: 'gpt-realtime', instructions: 'Be brief.' };
    expect(beginningOf({ kind: 'realtime', session: chosen })).toBe(chosen);
  });
});
