import { trustedId } from '@trunkline/kernel';
import { inTurn, route, type RoutablePool } from './route.js';

const pool = (
  name: string,
  models: readonly string[] | null = null,
  rest: Partial<RoutablePool> = {},
): RoutablePool => ({ id: trustedId('pool', name), models, weight: 1, status: 'active', ...rest });
const known = (model: string) => model.startsWith('gpt-realtime');

describe('route', () => {
  it('offers every pool that lists the model, in their order', () => {
    const pools = [pool('pool_a', ['gpt-realtime']), pool('pool_b', ['other']), pool('pool_c')];
    expect(route({ kind: 'conversation', model: 'gpt-realtime' }, pools, known)).toMatchObject({
      ok: true,
      value: [{ id: 'pool_a' }, { id: 'pool_c' }],
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

  it('leaves out pools that are being drained, and says so when there is no other', () => {
    const draining = pool('pool_a', null, { status: 'draining' });
    const request = { kind: 'conversation', model: 'gpt-realtime' } as const;
    expect(route(request, [draining, pool('pool_b')], known)).toMatchObject({ ok: true, value: [{ id: 'pool_b' }] });
    expect(route(request, [draining], known)).toMatchObject({
      ok: false,
      error: { code: 'upstream_capacity', message: expect.stringContaining('drained') },
    });
  });
});

describe('the order of pools', () => {
  const healthy = () => true;

  it('gives each pool its share of first turns', () => {
    const pools = [pool('a', null, { weight: 3 }), pool('b', null, { weight: 1 }), pool('c', null, { weight: 0 })];
    const firsts = new Map<string, number>();
    // Numbers spread evenly over both draws.
    for (let i = 0; i < 100; i++)
      for (let j = 0; j < 100; j++) {
        const draws = [(i + 0.5) / 100, (j + 0.5) / 100];
        const turn = inTurn(pools, healthy, () => draws.shift() ?? 0);
        expect(turn.map(({ id }) => id).at(-1)).toBe('c');
        const first = turn[0]?.id ?? '';
        firsts.set(first, (firsts.get(first) ?? 0) + 1);
      }
    expect((firsts.get('a') ?? 0) / 10_000).toBeCloseTo(0.75, 1);
  });

  it('tries pools that failed lately after all others, and the fallback among the healthy ones before them', () => {
    const pools = [pool('sick', null, { weight: 1_000 }), pool('spare', null, { weight: 0 }), pool('well')];
    const order = inTurn(
      pools,
      (id) => id !== 'sick',
      () => 0.5,
    );
    expect(order.map(({ id }) => id)).toEqual(['well', 'spare', 'sick']);
  });
});
