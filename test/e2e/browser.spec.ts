// A browser page holds a spoken conversation through the gateway: key in the subprotocol, microphone-paced speech in, the
// answer played through WebAudio, and an interruption by speaking over it.
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { chromium, type Browser } from 'playwright-core';
import { loadClips } from '../../apps/simulator/index.js';
import { listen } from '@trunkline/platform/http';
import { startBed, type GatewayBed } from '../support/gateway-bed.js';
import { findChromium } from '../support/chromium.js';

// What an app developer would write: no library, only what a browser has.
const PAGE = readFileSync(new URL('../fixtures/browser/conversation.js', import.meta.url), 'utf8');

let bed: GatewayBed;
let browser: Browser;
let server: Server;
let origin: string;
beforeAll(async () => {
  bed = await startBed({ simulator: { reply: { audioMs: 6_000, audioSpeed: 2 } } });
  browser = await chromium.launch({
    executablePath: findChromium(),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--autoplay-policy=no-user-gesture-required',
    ],
  });
  server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end(`<!doctype html><title>voice</title><script>${PAGE}</script>`);
  });
  origin = `http://127.0.0.1:${await listen(server, { host: '127.0.0.1', port: 0, flag: '' })}`;
}, 120_000);
afterAll(async () => {
  await browser.close();
  server.close();
  await bed.stop();
}, 60_000);

interface Heard {
  readonly protocol: string;
  readonly types: readonly string[];
  readonly statuses: readonly string[];
  readonly playedSeconds: number;
  readonly loudest: number;
}

describe('a browser page', () => {
  it('speaks, hears an audible answer, interrupts it and is answered again', async () => {
    const clips = loadClips();
    const speech = ['hear-me', 'stop'].map((name) => clips.encoded(clips.named(name), 'audio/pcm').toString('base64'));
    const { httpsUrl, apiKey } = bed.product().ready;
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    const page = await context.newPage();
    await page.goto(origin);
    const url = `${httpsUrl.replace('https', 'wss')}/v1/realtime?model=gpt-realtime`;
    const heard = await page.evaluate<Heard>(`conversation(${JSON.stringify({ url, apiKey, speech })})`);
    expect(heard.protocol).toBe('realtime');
    expect(heard.types).toEqual(expect.arrayContaining(['session.created', 'input_audio_buffer.speech_started']));
    expect(heard.statuses).toEqual(['cancelled', 'completed']);
    expect(heard.playedSeconds).toBeGreaterThan(1);
    expect(heard.loudest).toBeGreaterThan(0.05);
    await context.close();
  }, 90_000);
});
