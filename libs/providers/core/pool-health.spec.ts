import { trustedId } from '@trunkline/kernel';
import { PoolHealth } from './pool-health.js';

const id = trustedId('pool', 'pool_a');

describe('the health of a pool', () => {
  it('turns bad after three failures in a row, for longer with each further one, and good with one success', () => {
    const health = new PoolHealth();
    health.failed(id, 0);
    health.failed(id, 0);
    expect(health.isHealthy(id, 0)).toBe(true);
    health.failed(id, 1_000);
    expect(health.isHealthy(id, 5_999)).toBe(false);
    expect(health.isHealthy(id, 6_000)).toBe(true);
    health.failed(id, 6_000);
    expect(health.isHealthy(id, 15_999)).toBe(false);
    health.succeeded(id);
    expect(health.isHealthy(id, 7_000)).toBe(true);
    for (let i = 0; i < 50; i++) health.failed(id, 0);
    expect(health.isHealthy(id, 60_000)).toBe(true);
  });
});
