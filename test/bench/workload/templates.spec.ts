import { z } from 'zod';
import { clientTemplates, PHONE_CHARS, serverTemplates, VOICE_CHARS } from './templates.js';

const Done = z.object({
  response: z.object({
    usage: z.object({
      total_tokens: z.number(),
      input_tokens: z.number(),
      output_tokens: z.number(),
      input_token_details: z.object({
        text_tokens: z.number(),
        audio_tokens: z.number(),
        image_tokens: z.number(),
        cached_tokens: z.number(),
        cached_tokens_details: z.record(z.string(), z.number()),
      }),
      output_token_details: z.object({ text_tokens: z.number(), audio_tokens: z.number() }),
    }),
  }),
});
const KB = 1024;

describe('the workload', () => {
  it('is the same in every process', () => {
    const payloads = (): string[] => [...clientTemplates().all, ...serverTemplates().all].map((t) => String(t.payload));
    expect(payloads()).toEqual(payloads());
  });

  it('holds valid JSON with a stamp in each frame', () => {
    for (const template of [...clientTemplates().all, ...serverTemplates().all]) {
      expect(JSON.parse(String(template.payload))).toHaveProperty('type');
      expect(template.stampAt).toBeGreaterThan(0);
    }
  });

  it('sends voice frames of 2.5 KB and telephone frames of 216 bytes of base64', () => {
    const Append = z.object({ audio: z.string() });
    const lengths = ({ payload }: { payload: Buffer }): number =>
      Append.parse(JSON.parse(String(payload))).audio.length;
    expect(new Set(clientTemplates().voice.map(lengths))).toEqual(new Set([VOICE_CHARS]));
    expect(new Set(clientTemplates().phone.map(lengths))).toEqual(new Set([PHONE_CHARS]));
  });

  it('plays turns of 35 events and one that reports usage, with deltas of 4 to 32 KB', () => {
    const { turn, phoneTurn, dones } = serverTemplates();
    for (const script of [turn, phoneTurn]) {
      expect(script).toHaveLength(35);
      expect(script.some((template) => template.bearsUsage)).toBe(false);
    }
    expect(dones.every((template) => template.bearsUsage)).toBe(true);
    const sizes = turn.map((template) => template.payload.length);
    expect(Math.max(...sizes)).toBeGreaterThan(32 * KB);
    expect(Math.max(...sizes)).toBeLessThan(33 * KB);
  });

  it('reports usage that adds up, in events of 2 to 6 KB', () => {
    const { dones } = serverTemplates();
    expect(dones.length).toBeGreaterThan(1);
    for (const { payload } of dones) {
      expect(payload.length).toBeGreaterThan(1.5 * KB);
      expect(payload.length).toBeLessThan(6.5 * KB);
      const { usage } = Done.parse(JSON.parse(String(payload))).response;
      const input = usage.input_token_details;
      const cached = Object.values(input.cached_tokens_details).reduce((sum, tokens) => sum + tokens, 0);
      expect(usage.total_tokens).toBe(usage.input_tokens + usage.output_tokens);
      expect(usage.input_tokens).toBe(input.text_tokens + input.audio_tokens + input.image_tokens);
      expect(usage.output_tokens).toBe(
        usage.output_token_details.text_tokens + usage.output_token_details.audio_tokens,
      );
      expect(input.cached_tokens).toBe(cached);
      expect(cached).toBeLessThanOrEqual(input.text_tokens);
    }
  });
});
