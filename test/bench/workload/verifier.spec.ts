import { applyMask, buildFrame, FrameReader, headerBytes, OPCODE } from '../wire/frame.js';
import { CLIENT_MASK } from './behaviour.js';
import { STAMP_CHARS, writeStamp } from './stamp.js';
import { clientTemplates, serverTemplates, type Template } from './templates.js';
import { Verifier, type Verdict } from './verifier.js';

const RESPONSE_ID = Buffer.from('resp_0123456789abcdefghijk');

/** A payload as a sender makes it: the template with its holes filled. */
function payloadOf(template: Template, sequence = 7): Buffer {
  const payload = Buffer.from(template.payload);
  const salt = template.responseIdAt < 0 ? undefined : RESPONSE_ID;
  if (salt) payload.set(salt, template.responseIdAt);
  writeStamp(payload, template.stampAt, { sequence, sentUs: 123_456_789, session: 42, template: template.index }, salt);
  return payload;
}

function verdictOn(verifier: Verifier, frame: Buffer): Verdict {
  let verdict: Verdict = 'foreign';
  new FrameReader((view) => (verdict = verifier.check(view))).push(frame);
  return verdict;
}

const client = clientTemplates().all;
const server = serverTemplates().all;

describe('the verifier', () => {
  it('knows every frame of the workload', () => {
    for (const template of client) {
      const verifier = new Verifier(client, 'client');
      expect(verdictOn(verifier, buildFrame(OPCODE.text, payloadOf(template), 0xdeadbeef))).toBe('intact');
      expect(verifier.stamp).toMatchObject({ sequence: 7, sentUs: 123_456_789, session: 42 });
    }
    for (const template of server) {
      const verifier = new Verifier(server, 'server');
      expect(verdictOn(verifier, buildFrame(OPCODE.text, payloadOf(template)))).toBe('intact');
      expect(verifier.template).toBe(template);
    }
  });

  it("notices any changed byte of a frame that still bears the sender's mask", () => {
    const template = client[0];
    if (!template) throw new Error('no such template');
    const verifier = new Verifier(client, 'client', CLIENT_MASK);
    const frame = buildFrame(OPCODE.text, payloadOf(template), CLIENT_MASK);
    expect(verdictOn(verifier, frame)).toBe('intact');
    for (let at = headerBytes(template.payload.length, true); at < frame.length; at++) {
      const changed = Buffer.from(frame);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(verdictOn(verifier, changed)).not.toBe('intact');
    }
    expect(verdictOn(verifier, frame)).toBe('intact');
  });

  it('notices any changed byte of a frame', () => {
    for (const [peer, template] of [
      ['client', client[9]],
      ['server', server[4]],
    ] as const) {
      if (!template) throw new Error('no such template');
      const payload = payloadOf(template);
      for (let at = 0; at < payload.length; at++) {
        const changed = Buffer.from(payload);
        changed[at] = (changed[at] ?? 0) ^ 1;
        const frame = buildFrame(OPCODE.text, changed, peer === 'client' ? 0x11223344 : undefined);
        expect(verdictOn(new Verifier(peer === 'client' ? client : server, peer), frame)).not.toBe('intact');
      }
    }
  });

  it('notices a missing and an additional byte', () => {
    const template = server.at(-1);
    if (!template) throw new Error('no such template');
    const payload = payloadOf(template);
    const verifier = new Verifier(server, 'server');
    expect(verdictOn(verifier, buildFrame(OPCODE.text, payload.subarray(0, -1)))).toBe('altered');
    expect(verdictOn(verifier, buildFrame(OPCODE.text, Buffer.concat([payload, Buffer.from(' ')])))).toBe('altered');
  });

  it('tells an event that nobody stamped from an altered one', () => {
    const error = Buffer.from('{"type":"error","event_id":"event_Cabcdefghijklmnopqrstuvwxyz0123456789","error":{}}');
    expect(verdictOn(new Verifier(server, 'server'), buildFrame(OPCODE.text, error))).toBe('foreign');
  });

  it('takes a frame with another mask than it was sent with', () => {
    const template = client[0];
    if (!template) throw new Error('no such template');
    const frame = buildFrame(OPCODE.text, payloadOf(template), 0x00000001);
    const start = headerBytes(template.payload.length, true);
    applyMask(frame, start, frame.length, 0x00000001);
    frame.writeUInt32BE(0xff00ff00, start - 4);
    applyMask(frame, start, frame.length, 0xff00ff00);
    expect(verdictOn(new Verifier(client, 'client'), frame)).toBe('intact');
  });
});

describe('a stamp', () => {
  it('takes exactly its room', () => {
    const out = Buffer.alloc(STAMP_CHARS + 2, '.');
    writeStamp(out, 1, { sequence: 0xffffffff, sentUs: 2 ** 47, session: 0xffffff, template: 255 });
    expect(out.toString('latin1')).toMatch(/^\.[0-9a-f]{36}\.$/);
  });
});
