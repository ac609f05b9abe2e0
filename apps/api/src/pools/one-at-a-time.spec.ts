import { eventually } from '../../../../test/support/poll.js';
import { ReadTookTooLong } from '../reads/read-within.js';
import { OneAtATime } from './one-at-a-time.js';

describe('work that is done once at a time', () => {
  it('is under way until it has ended, also where nobody waits for it any more', async () => {
    const oneAtATime = new OneAtATime();
    const begun: ((value: object) => void)[] = [];
    const work = () => new Promise<object>((done) => begun.push(done));
    await expect(oneAtATime.begin(work, 1)).rejects.toThrow(ReadTookTooLong);
    expect(await oneAtATime.begin(work, 1)).toBeNull();
    begun[0]?.({});
    await eventually('the work is over', () => oneAtATime.begin(() => Promise.resolve({ done: 1 }), 1_000));
    expect(begun).toHaveLength(1);
  });

  it('is over when it fails', async () => {
    const oneAtATime = new OneAtATime();
    await expect(oneAtATime.begin(() => Promise.reject(new Error('no')), 1_000)).rejects.toThrow('no');
    expect(await oneAtATime.begin(() => Promise.resolve({ done: 1 }), 1_000)).toEqual({ done: 1 });
  });
});
