// How good an estimate is: each response of varied conversations is estimated a moment before its `response.done`, as if that
// never came, and compared with what the upstream's books then report. The tolerances are part of what we promise; the
// figures are printed.
import { OpenAiRealtimeObserver } from '@trunkline/providers/adapters/openai';
import type { OwedReport, Quantity } from '@trunkline/metering';
import { z } from 'zod';
import { appends, silence, speech } from './simulator/support/speech.js';
import { testSession, type TestSession } from './simulator/support/session.js';

type Codec = 'audio/pcm' | 'audio/pcmu';

interface Compared {
  readonly estimate: OwedReport;
  readonly reported: readonly Quantity[];
}

/** A conversation whose events go through an observer as a relay would show them. */
class Watched {
  readonly session: TestSession;
  readonly compared: Compared[] = [];
  private readonly traffic = { bytes: 0, messages: 0 };
  private readonly observer = new OpenAiRealtimeObserver(() => this.traffic);
  private seen = 0;

  constructor(config: Parameters<typeof testSession>[0] = {}) {
    this.session = testSession(config);
    this.watch();
  }

  send(event: object): void {
    this.traffic.bytes += Buffer.byteLength(JSON.stringify(event)) + 8;
    this.traffic.messages += 1;
    this.session.send(event);
    this.watch();
  }

  say(clip: string, codec: Codec = 'audio/pcm', after = 900): void {
    const audio = Buffer.concat([speech(clip, codec), silence(after, codec)]);
    for (const event of appends(audio, codec === 'audio/pcm' ? 48 : 8)) this.send(event);
  }

  /** Lets time pass, event by event: nothing is read later than it was sent. */
  pass(ms: number): void {
    this.session.clock.advance(ms);
    this.watch();
  }

  owed(): readonly OwedReport[] {
    return this.observer.owed();
  }

  private watch(): void {
    for (const { event } of this.session.sent.slice(this.seen)) {
      this.seen += 1;
      const payload = Buffer.from(JSON.stringify(event));
      const interest = this.observer.interest(event.type, payload.length);
      if (interest === 'note') this.observer.noted(event.type, payload.length);
      if (interest !== 'hold') continue;
      const owed = this.observer.owed();
      for (const fact of this.observer.read(payload).facts) {
        if (fact.kind !== 'usage_reported') continue;
        const { report } = fact;
        const estimate = owed.find((each) => each.vendorObjectId === report.vendorObjectId);
        if (estimate && report.status !== 'failed') this.compared.push({ estimate, reported: report.quantities });
      }
    }
  }
}

const settings = (audio: object, more: object = {}) => ({
  type: 'session.update',
  session: { type: 'realtime', ...more, audio },
});
const format = (type: Codec) => (type === 'audio/pcm' ? { type, rate: 24_000 } : { type });
const VAD = { turn_detection: { type: 'server_vad', silence_duration_ms: 500 } };
const TOOLS = [
  {
    type: 'function',
    name: 'get_weather',
    description: 'Tells the weather of a place.',
    parameters: { type: 'object', properties: { place: { type: 'string', description: 'A town.' } } },
  },
];
const text = (words: string) => ({
  type: 'conversation.item.create',
  item: { type: 'message', role: 'user', content: [{ type: 'input_text', text: words }] },
});

const count = (quantities: readonly Quantity[], pattern: RegExp): number =>
  quantities.reduce((sum, each) => (pattern.test(each.meter) ? sum + Number(each.quantityMicro) / 1e6 : sum), 0);

// Tokens that a class may be off by: so much of it, and so many whatever its size (a started 100 ms, a step of the cache).
const TOLERANCE = [
  ['audio out', /^output_audio$/, { share: 0.02, tokens: 1 }],
  ['text out', /^output_text$/, { share: 0.5, tokens: 3 }],
  ['audio in', /^input_audio/, { share: 0.03, tokens: 3 }],
  ['text in', /^input_text/, { share: 0.1, tokens: 8 }],
  ['cached', /_cached$/, { share: 0.1, tokens: 64 }],
  ['transcribed audio', /^transcription_input_audio$/, { share: 0.02, tokens: 1 }],
  ['transcript', /^transcription_output_text$/, { share: 0.6, tokens: 4 }],
] as const;

const printed: string[] = [];
afterAll(() => process.stdout.write(`estimate / reported, in tokens\n${printed.join('\n')}\n`));

function expectClose(name: string, { estimate, reported }: Compared): void {
  const figures = TOLERANCE.map(([label, pattern, { share, tokens }]) => {
    const guess = count(estimate.seen.quantities, pattern);
    const truth = count(reported, pattern);
    return { label, guess, truth, ok: Math.abs(guess - truth) <= truth * share + tokens };
  });
  const words = figures.filter(({ guess, truth }) => guess + truth > 0);
  const line = words.map(({ label, guess, truth }) => `${label} ${guess}/${truth}`).join(', ');
  printed.push(`${name} [${estimate.seen.method}; ${estimate.seen.doubts.join(' ') || 'no doubt'}]: ${line}`);
  expect({ line, off: figures.filter(({ ok }) => !ok).map(({ label }) => label) }).toEqual({ line, off: [] });
}

const CONVERSATIONS: Record<string, () => Watched> = {
  'two voices, transcribed': () => {
    const watched = new Watched();
    const transcription = { model: 'gpt-4o-mini-transcribe' };
    watched.send(settings({ input: { ...VAD, transcription } }, { instructions: 'Be brief and kind to callers.' }));
    for (const clip of ['hear-me', 'question', 'invoice']) {
      watched.say(clip);
      watched.pass(20_000);
    }
    return watched;
  },
  'push to talk over G.711': () => {
    const watched = new Watched();
    const codec = format('audio/pcmu');
    watched.send(settings({ input: { format: codec, turn_detection: null }, output: { format: codec } }));
    for (const clip of ['order', 'train']) {
      watched.say(clip, 'audio/pcmu', 0);
      watched.send({ type: 'input_audio_buffer.commit' });
      watched.send({ type: 'response.create' });
      watched.pass(20_000);
    }
    return watched;
  },
  'text with tools': () => {
    const watched = new Watched();
    watched.send(settings({}, { instructions: 'You know the weather. '.repeat(30), tools: TOOLS }));
    for (const words of ['Hello there.', 'What is the weather in Lyon tomorrow?', 'And the day after? '.repeat(20)]) {
      watched.send(text(words));
      watched.send({ type: 'response.create', response: { output_modalities: ['text'] } });
      watched.pass(20_000);
    }
    return watched;
  },
  'instructions that change': () => {
    const watched = new Watched();
    for (const instructions of ['Short.', 'A much longer set of instructions. '.repeat(40), 'Short again.']) {
      watched.send(settings({}, { instructions }));
      watched.send(text('Go on.'));
      watched.send({ type: 'response.create' });
      watched.pass(20_000);
    }
    return watched;
  },
  'an interruption': () => {
    const watched = new Watched({ reply: { audioSpeed: 2 } });
    watched.send(settings({ input: VAD }));
    watched.say('story');
    watched.pass(1_500);
    watched.say('stop');
    watched.pass(20_000);
    watched.say('hear-me');
    watched.pass(20_000);
    return watched;
  },
};

describe('the estimate of a response that is never reported', () => {
  it.each(Object.entries(CONVERSATIONS))('is close to what the upstream counted: %s', (name, converse) => {
    const { compared } = converse();
    expect(compared.length).toBeGreaterThanOrEqual(2);
    for (const each of compared) expectClose(name, each);
  });

  it('grows with what is generated and never passes what the end reports', () => {
    const watched = new Watched();
    watched.send(text('Tell me a story.'));
    watched.send({ type: 'response.create' });
    const heard: number[] = [];
    while (watched.compared.length === 0) {
      watched.pass(50);
      const [owed] = watched.owed();
      if (owed) heard.push(count(owed.seen.quantities, /^output_audio$/));
    }
    const total = count(watched.compared[0]?.reported ?? [], /^output_audio$/);
    expect(heard).toEqual([...heard].sort((a, b) => a - b));
    expect(new Set(heard).size).toBeGreaterThan(5);
    expect(heard.every((tokens) => tokens <= total + 1)).toBe(true);
  });

  it('is there from the first moment, before anything was generated', () => {
    const watched = new Watched({ latency: { firstDeltaMs: 1_000 } });
    watched.send(settings({}, { instructions: 'Be brief.' }));
    watched.send(text('How much is the fish today?'));
    watched.send({ type: 'response.create' });
    watched.pass(500);
    const [owed] = watched.owed();
    expect(count(owed?.seen.quantities ?? [], /^input_/)).toBeGreaterThan(0);
    expect(count(owed?.seen.quantities ?? [], /^output_/)).toBe(0);
    expect(z.array(z.string()).parse(owed?.seen.doubts)).toContain('no_report_yet');
  });
});
