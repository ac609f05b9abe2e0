import { createServer, type Server } from 'node:http';
import { listen, ListenFailed } from './listen.js';
import { createOpsServer } from './ops-server.js';

const open: Server[] = [];
const start = async (server: Server, port = 0): Promise<number> => {
  open.push(server);
  return listen(server, { host: '127.0.0.1', port, flag: '--metrics-port' });
};
afterEach(() => {
  for (const server of open.splice(0)) server.close();
});

describe('listening', () => {
  it('says which flag to change when the port is taken', async () => {
    const port = await start(createServer());
    await expect(start(createServer(), port)).rejects.toThrow(ListenFailed);
    await expect(start(createServer(), port)).rejects.toThrow(/taken.*--metrics-port/);
  });
});

describe('the operators’ listener', () => {
  const metrics = { contentType: 'text/plain', scrape: () => Promise.resolve('a 1\n') };
  const get = async (port: number, path: string) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    return [response.status, await response.text()] as const;
  };

  it('is alive whatever is wrong, and ready only when nothing is', async () => {
    let problem: string | null = 'draining';
    const port = await start(createOpsServer({ metrics, checks: [{ name: 'gateway', problem: () => problem }] }));
    expect(await get(port, '/livez')).toEqual([200, 'ok\n']);
    expect(await get(port, '/readyz')).toEqual([503, 'gateway: draining\n']);
    problem = null;
    expect(await get(port, '/readyz')).toEqual([200, 'ok\n']);
  });

  it('serves metrics and nothing else', async () => {
    const port = await start(createOpsServer({ metrics, checks: [] }));
    expect(await get(port, '/metrics?x=1')).toEqual([200, 'a 1\n']);
    expect((await get(port, '/admin'))[0]).toBe(404);
  });
});
