// The main job, as an app developer does it: the official client, real speech, and the bill checked three ways (by hand,
// in the ledger, against the upstream's own books).
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import OpenAI from 'openai';
import { OpenAIRealtimeWS } from 'openai/realtime/ws';
import type { RealtimeServerEvent } from 'openai/resources/realtime/realtime';
import { findClipsFolder, loadClips } from '../../apps/simulator/index.js';
import { startBed, type GatewayBed } from '../support/gateway-bed.js';
import { eventually } from '../support/poll.js';
import { runProgram } from '../support/product.js';

let bed: GatewayBed;
beforeAll(async () => {
  bed = await startBed({ simulator: { transcription: { lateEvery: 0 } } });
}, 120_000);
afterAll(() => bed.stop(), 60_000);

// USD per 1M tokens, as published (prisma/seed/prices); in millionths of a dollar per million, so that this stays exact.
const PRICE: Record<string, bigint> = {
  text_in: 4_000_000n,
  text_cached: 400_000n,
  audio_in: 32_000_000n,
  audio_cached: 400_000n,
  text_out: 16_000_000n,
  audio_out: 64_000_000n,
};
const TRANSCRIBE = { audio_in: 3_000_000n, text_in: 1_250_000n, text_out: 5_000_000n };

/** The upstream's books priced by hand, in 10^-12 dollars. */
function costByHand(): bigint {
  let pico = 0n;
  for (const session of bed.simulator.books.list()) {
    for (const { usage } of session.responses) {
      if (!usage) continue;
      const { input_token_details: input, output_token_details: output } = usage;
      const cached = input.cached_tokens_details;
      const counts: [number, bigint | undefined][] = [
        [input.text_tokens - cached.text_tokens, PRICE['text_in']],
        [cached.text_tokens, PRICE['text_cached']],
        [input.audio_tokens - cached.audio_tokens, PRICE['audio_in']],
        [cached.audio_tokens, PRICE['audio_cached']],
        [output.text_tokens, PRICE['text_out']],
        [output.audio_tokens, PRICE['audio_out']],
      ];
      for (const [tokens, price] of counts) pico += BigInt(tokens) * (price ?? 0n);
    }
    for (const { usage } of session.transcriptions) {
      if (usage?.type !== 'tokens') continue;
      pico += BigInt(usage.input_token_details.audio_tokens) * TRANSCRIBE.audio_in;
      pico += BigInt(usage.input_token_details.text_tokens) * TRANSCRIBE.text_in;
      pico += BigInt(usage.output_tokens) * TRANSCRIBE.text_out;
    }
  }
  return pico;
}

const usd = (text: string): bigint => {
  const [whole = '0', fraction = ''] = text.split('.');
  return BigInt(whole) * 10n ** 12n + BigInt(fraction.padEnd(12, '0'));
};

describe('talk', () => {
  it('speaks a WAV file and prints the cost that the ledger and the upstream’s books give', async () => {
    const wav = join(findClipsFolder(), 'invoice.wav');
    const out = join(bed.dataDir, 'reply.wav');
    const spoken = await runProgram('talk', [wav, '--data-dir', bed.dataDir, '--out', out]);
    expect(spoken).toMatchObject({ code: 0 });
    expect(spoken.stdout).toContain('assistant: ');
    expect(readFileSync(out).length).toBeGreaterThan(20_000);
    const printed = /cost ([0-9.]+) USD/.exec(spoken.stdout)?.[1] ?? '';
    const session = /ses_[0-9a-z]{26}/.exec(spoken.stdout)?.[0] ?? '';
    expect(usd(printed)).toBe(costByHand());
    const ledger = await eventually('the session is in the ledger', async () => {
      const costs = await runProgram('cli', ['costs', '--session', session, '--json', '--data-dir', bed.dataDir]);
      if (costs.code !== 0) return null;
      const rows = JSON.parse(costs.stdout) as { model: string; meter: string | null; amount_usd: string }[];
      const total = rows.find((row) => row.model === 'total');
      return total?.meter === null && total.amount_usd !== '0' ? total.amount_usd : null;
    });
    expect(ledger).toBe(printed);
  }, 60_000);

  it('says what is wrong with bad input', async () => {
    const missing = await runProgram('talk', ['nowhere.wav', '--data-dir', bed.dataDir]);
    expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining('nowhere.wav') });
    const nobody = await runProgram('talk', ['--text', 'x', '--data-dir', join(bed.dataDir, 'none')]);
    expect(nobody).toMatchObject({ code: 1, stderr: expect.stringContaining('npm start') });
  }, 60_000);
});

describe('the official openai client', () => {
  it('holds a spoken conversation with server VAD, is interrupted, and truncates what was not heard', async () => {
    const { httpsUrl, caFile, apiKey } = bed.product().ready;
    const client = new OpenAI({ baseURL: `${httpsUrl}/v1`, apiKey });
    const options = { ca: readFileSync(caFile) };
    const realtime = new OpenAIRealtimeWS({ model: 'gpt-realtime', options }, client);
    const events: RealtimeServerEvent[] = [];
    realtime.on('event', (event) => events.push(event));
    const next = (type: RealtimeServerEvent['type'], from = 0) =>
      eventually(type, () => events.slice(from).find((event) => event.type === type) ?? null, 20_000);
    const say = (name: string) => {
      const clips = loadClips();
      const speech = clips.encoded(clips.named(name), 'audio/pcm');
      const silence = Buffer.alloc(48_000);
      for (const audio of [speech, silence]) {
        for (let at = 0; at < audio.length; at += 9_600) {
          const chunk = Buffer.from(audio.subarray(at, at + 9_600)).toString('base64');
          realtime.send({ type: 'input_audio_buffer.append', audio: chunk });
        }
      }
    };
    await next('session.created');
    bed.simulator.configure({ reply: { audioMs: 6_000, audioSpeed: 2 } });
    realtime.send({
      type: 'session.update',
      session: {
        type: 'realtime',
        audio: { input: { turn_detection: { type: 'server_vad', silence_duration_ms: 500 } } },
      },
    });
    await next('session.updated');
    say('hear-me');
    const first = await next('response.output_audio.delta');
    const from = events.length;
    say('stop');
    await next('input_audio_buffer.speech_started', from);
    expect(await next('response.done', from)).toMatchObject({
      response: { status: 'cancelled', status_details: { reason: 'turn_detected' } },
    });
    if (first.type !== 'response.output_audio.delta') throw new Error('waited for audio');
    realtime.send({ type: 'conversation.item.truncate', item_id: first.item_id, content_index: 0, audio_end_ms: 50 });
    await next('conversation.item.truncated', from);
    const done = events.length;
    expect(await next('response.done', done)).toMatchObject({ response: { status: 'completed' } });
    realtime.close();
    const hidden = events.filter((event) => event.type === 'rate_limits.updated');
    expect(hidden).toEqual([]);
  }, 60_000);
});
