import { trustedId } from '@trunkline/kernel';
import { route } from './route.js';

const pool = (name: string, models: readonly string[] | null = null) => ({ id: trustedId('pool', name), models });
const known = (model: string) => model.startsWith('gpt-realtime');

describe('route', () => {
  it('offers every pool that lists the model, in their order', () => {
    const pools = [pool('pool_a', ['gpt-realtime']), pool('pool_b', ['other']), pool('pool_c')];
    expect(route({ kind: 'conversation', model: 'gpt-realtime' }, pools, known)).toEqual({
      ok: true,
      value: ['pool_a', 'pool_c'],
    });
  });

  it('refuses a model that no pool offers, and does not repeat hostile text', () => {
    const refused = route({ kind: 'conversation', model: `x\n\u001b[31m${'y'.repeat(500)}` }, [pool('pool_a')], known);
    expect(refused).toMatchObject({ ok: false, error: { code: 'model_not_found', param: 'model' } });
    if (!refused.ok) expect(refused.error.message).toMatch(/^[\x20-\x7e]{1,260}$/);
  });

  it('asks for a model when a conversation names none', () => {
    for (const model of [null, '']) {
      expect(route({ kind: 'conversation', model }, [pool('pool_a')], known)).toMatchObject({
        ok: false,
        error: { code: 'missing_model' },
      });
    }
  });

  it('routes a transcription session without a model', () => {
    expect(route({ kind: 'transcription' }, [pool('pool_a')], known).ok).toBe(true);
  });
});
