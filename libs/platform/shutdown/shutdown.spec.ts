import { Shutdown, type CloseReport } from './shutdown.js';

const open = () => {
  const reports: CloseReport[] = [];
  return { reports, shutdown: new Shutdown((report) => reports.push(report)) };
};

describe('shutdown', () => {
  it('closes last in, first out, and once', async () => {
    const { shutdown } = open();
    const order: string[] = [];
    for (const name of ['a', 'b', 'c']) shutdown.register(name, 1_000, () => void order.push(name));
    await Promise.all([shutdown.run(), shutdown.run()]);
    expect(order).toEqual(['c', 'b', 'a']);
  });

  it('goes on after a close that fails or hangs', async () => {
    const { shutdown, reports } = open();
    shutdown.register('fine', 1_000, () => undefined);
    shutdown.register('hangs', 10, () => new Promise<void>(() => undefined));
    shutdown.register('fails', 1_000, () => Promise.reject(new Error('no')));
    await shutdown.run();
    expect(reports.map((report) => [report.name, report.outcome])).toEqual([
      ['fails', 'failed'],
      ['hangs', 'timed_out'],
      ['fine', 'closed'],
    ]);
  });
});
