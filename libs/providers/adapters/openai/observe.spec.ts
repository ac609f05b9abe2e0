import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { SessionFact } from '../../core/observe.js';
import { OpenAiRealtimeObserver } from './observe.js';

const TRACES = join(import.meta.dirname, '../../../../test/fixtures/traces');

interface TraceLine {
  readonly dir: 's2c' | 'c2s';
  readonly event: Record<string, unknown> & { readonly type: string };
}

const serverEvents = (file: string): TraceLine['event'][] =>
  readFileSync(join(TRACES, file), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as TraceLine)
    .filter((line) => line.dir === 's2c' && !line.event.type.startsWith('$'))
    .map((line) => line.event);

function observe(events: readonly object[], observer = new OpenAiRealtimeObserver()) {
  const facts: SessionFact[] = [];
  const hidden: string[] = [];
  for (const event of events) {
    const type = (event as { type: string }).type;
    if (observer.interest(type) !== 'hold') continue;
    const observation = observer.read(Buffer.from(JSON.stringify(event)));
    facts.push(...observation.facts);
    if (!observation.forward) hidden.push(type);
  }
  return { facts, hidden, observer };
}

const reports = (facts: readonly SessionFact[]) =>
  facts.flatMap((fact) => (fact.kind === 'usage_reported' ? [fact.report] : []));

const CONVERSATIONS = readdirSync(TRACES).filter((file) => file.startsWith('ga_') && !file.includes('translation'));

describe('the observer of the GA dialect', () => {
  it.each(CONVERSATIONS)('reports every use in %s once, with a model and without a problem', (file) => {
    const events = serverEvents(file);
    const expected = events.filter(
      (event) => event.type === 'response.done' || event.type.endsWith('input_audio_transcription.completed'),
    );
    const { facts, observer } = observe(events);
    expect(reports(facts)).toHaveLength(expected.length);
    for (const report of reports(facts)) expect(report).toMatchObject({ problem: null, model: expect.any(String) });
    expect(observer.reportsOwed()).toBe(0);
  });

  it('knows the answer to its fence, tells nobody of it, and knows no other', () => {
    const observer = new OpenAiRealtimeObserver();
    const { event_id, item_id } = JSON.parse(observer.fence) as Record<string, string>;
    const code = 'item_delete_invalid_item_id';
    const message = `Error deleting item: the item with id '${item_id}' does not exist.`;
    const error = { type: 'invalid_request_error', code, message, param: null };
    expect(observe([{ type: 'error', error: { ...error, event_id: null } }], observer).hidden).toEqual([]);
    expect(observer.isFenced).toBe(false);
    expect(observe([{ type: 'error', error: { ...error, event_id } }], observer)).toMatchObject({
      facts: [],
      hidden: ['error'],
    });
    expect(observer.isFenced).toBe(true);
  });

  it('bills a transcription under the model that was configured when its audio was committed', () => {
    const described = (model: string) => ({
      type: 'session.updated',
      session: { model: 'gpt-realtime', audio: { input: { transcription: { model } } } },
    });
    const { facts } = observe([
      described('gpt-4o-mini-transcribe'),
      { type: 'input_audio_buffer.committed', item_id: 'item_1' },
      described('whisper-1'),
      {
        type: 'conversation.item.input_audio_transcription.completed',
        item_id: 'item_1',
        usage: { type: 'duration', seconds: 1 },
      },
    ]);
    expect(reports(facts)).toMatchObject([{ kind: 'transcription', model: 'gpt-4o-mini-transcribe' }]);
  });

  it('keeps the shared headroom from clients', () => {
    const { hidden } = observe([{ type: 'rate_limits.updated', rate_limits: [{ name: 'tokens', remaining: 5 }] }]);
    expect(hidden).toEqual(['rate_limits.updated']);
  });

  it("puts the tenant's own tokens in their place where it has a limit of its own", () => {
    const own = { max: 1_000, used: 1_200, resetMs: 2_500 };
    const observer = new OpenAiRealtimeObserver(undefined, () => own);
    const shared = [
      { name: 'requests', remaining: 7 },
      { name: 'tokens', limit: 40_000, remaining: 38_000 },
    ];
    const event = { type: 'rate_limits.updated', event_id: 'event_1', rate_limits: shared };
    const { instead, forward } = observer.read(Buffer.from(JSON.stringify(event)));
    expect(forward).toBe(true);
    expect(JSON.parse(String(instead))).toEqual({
      type: 'rate_limits.updated',
      event_id: 'event_1',
      rate_limits: [{ name: 'tokens', limit: 1_000, remaining: 0, reset_seconds: 2.5 }],
    });
  });

  it('says for how long the account has no room, by its limits or by a response that failed for them', () => {
    const spent = { name: 'tokens', limit: 40_000, remaining: 0, reset_seconds: 60 };
    const message = 'Rate limit reached for gpt-realtime in organization org-1 on tokens per min. Try again in 7.853s.';
    const failed = (id: string, text: string) => {
      const status_details = { error: { code: 'rate_limit_exceeded', message: text } };
      return { type: 'response.done', response: { id, status: 'failed', status_details } };
    };
    const { facts } = observe([
      { type: 'session.created', session: { model: 'gpt-realtime-mini' } },
      { type: 'rate_limits.updated', rate_limits: [spent] },
      failed('resp_1', message),
      failed('resp_2', 'Rate limit reached. Please try again in 2s.'),
    ]);
    expect(facts.filter((fact) => fact.kind === 'throttled')).toEqual([
      { kind: 'throttled', forMs: 6_000, source: 'headroom', model: 'gpt-realtime-mini' },
      { kind: 'throttled', forMs: 7_853, source: 'response', model: 'gpt-realtime' },
      { kind: 'throttled', forMs: 2_000, source: 'response', model: null },
    ]);
  });

  it('owes a report until the response it saw begin is done, and a repeated done does not settle another', () => {
    const done = { type: 'response.done', response: { id: 'resp_1', status: 'completed', usage: null } };
    const { observer } = observe([
      { type: 'response.created', response: { id: 'resp_1' } },
      { type: 'response.created', response: { id: 'resp_2' } },
      done,
      done,
    ]);
    expect(observer.reportsOwed()).toBe(1);
  });

  it('says which turn begins, by the id under which it is reported and can be cancelled', () => {
    const [created, done] = [{ id: 'resp_1' }, { id: 'resp_1', status: 'completed', usage: null }];
    const { facts, observer } = observe([
      { type: 'response.created', response: created },
      { type: 'response.done', response: done },
    ]);
    expect(facts).toMatchObject([
      { kind: 'turn_began', turnId: 'resp_1' },
      { kind: 'report_owed', owed: { kind: 'response', vendorObjectId: 'resp_1' } },
      { kind: 'usage_reported', report: { vendorObjectId: 'resp_1', problem: 'usage_missing' } },
      { kind: 'report_missing', owed: { vendorObjectId: 'resp_1' } },
    ]);
    expect(JSON.parse(observer.cancelTurn('resp_1'))).toEqual({ type: 'response.cancel', response_id: 'resp_1' });
  });

  it('keeps the service tier that the vendor names, on the response or in its usage', () => {
    const tierOf = (response: object) => {
      const { facts } = observe([
        { type: 'response.done', response: { id: 'resp_1', status: 'completed', ...response } },
      ]);
      return reports(facts).map((report) => report.serviceTier);
    };
    expect(tierOf({ service_tier: 'priority' })).toEqual(['priority']);
    expect(tierOf({ usage: { service_tier: 'flex' } })).toEqual(['flex']);
    expect(tierOf({})).toEqual([undefined]);
  });

  it('recognises expiry and lets unreadable messages pass', () => {
    const { facts } = observe([{ type: 'error', error: { code: 'session_expired' } }]);
    expect(facts).toEqual([{ kind: 'session_expired' }]);
    for (const text of ['{', '[]', '"x"', 'null', '{"type":"response.done"}']) {
      expect(new OpenAiRealtimeObserver().read(Buffer.from(text)).forward).toBe(true);
    }
  });

  it('forgets the oldest open transcription rather than growing without bound', () => {
    const commits = Array.from({ length: 1_000 }, (_, i) => ({
      type: 'input_audio_buffer.committed',
      item_id: `i${i}`,
    }));
    const session = {
      type: 'session.created',
      session: { audio: { input: { transcription: { model: 'whisper-1' } } } },
    };
    expect(observe([session, ...commits]).observer.reportsOwed()).toBe(256);
  });
});

describe('an error that speaks of the account behind us', () => {
  const texts = (event: object) => {
    const { instead, facts } = new OpenAiRealtimeObserver().read(Buffer.from(JSON.stringify(event)));
    return { shown: instead?.toString() ?? JSON.stringify(event), facts };
  };

  it('reaches no tenant with our organisation or the shared limit, in a failed response; its usage is still read', () => {
    const failed = serverEvents('ga_errors.jsonl').find(
      ({ type, ...event }) => type === 'response.done' && JSON.stringify(event).includes('org-'),
    );
    if (!failed) throw new Error('the trace has no such response');
    const { shown, facts } = texts(failed);
    expect(shown).not.toMatch(/org-|Limit|Used/);
    const details = { type: 'failed', error: { type: 'tokens', code: 'rate_limit_exceeded' } };
    expect(JSON.parse(shown)).toMatchObject({
      type: failed.type,
      response: { status: 'failed', status_details: details },
    });
    expect(reports(facts)).toHaveLength(1);
  });

  it('reaches no tenant with our key, in an error event', () => {
    const error = {
      type: 'invalid_request_error',
      code: 'invalid_api_key',
      message: 'Incorrect API key provided: sk-ab12',
    };
    const { shown } = texts({ type: 'error', event_id: 'event_1', error });
    expect(shown).not.toContain('sk-');
    expect(JSON.parse(shown)).toMatchObject({ event_id: 'event_1', error: { code: 'invalid_api_key' } });
  });

  it('is only replaced where it does: the app’s own mistakes are told to it word for word', () => {
    const error = { type: 'invalid_request_error', code: 'invalid_value', message: 'Invalid value: "x".' };
    expect(texts({ type: 'error', event_id: 'event_1', error }).shown).toContain('Invalid value');
  });
});
