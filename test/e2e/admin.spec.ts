import { z } from 'zod';
import { makeDataDir, removeDataDir, startProduct, type Product } from '../support/product.js';
import { eventually } from '../support/poll.js';
import { connect, textTurn } from '../support/voice-client.js';

// No key and no upstream: the product starts the simulator, as in a first hour.
let product: Product;
let dataDir: string;
let cookie = '';
beforeAll(async () => {
  dataDir = await makeDataDir();
  product = await startProduct({ dataDir, flags: ['--drain-soft', '0s'] });
}, 120_000);
afterAll(async () => {
  await product.stop();
  await removeDataDir(dataDir);
}, 60_000);

const admin = (path: string) => fetch(new URL(path, product.ready.adminUrl), { headers: { cookie } });
const apps = (path: string) => fetch(new URL(path, product.ready.httpUrl), { headers: { cookie } });

describe('the admin link that a start prints', () => {
  it('opens the overview, once', async () => {
    const open = () => fetch(product.ready.adminUrl, { redirect: 'manual' });
    const first = await open();
    expect(first.status).toBe(303);
    cookie = first.headers.getSetCookie()[0]?.split(';')[0] ?? '';
    expect((await open()).status).toBe(403);
    expect((await admin('/admin')).status).toBe(200);
    expect(await (await admin('/admin/api/v1/me')).json()).toMatchObject({ upstream: 'simulator' });
  });

  it('leads to a listener of its own: the apps’ port and the metrics’ port know nothing of it', async () => {
    for (const path of ['/admin', '/admin/api/v1/tenants', '/admin/start']) {
      expect((await apps(path)).status).toBe(404);
      expect((await fetch(new URL(path, product.ready.metricsUrl), { headers: { cookie } })).status).toBe(404);
    }
    expect((await admin('/v1/models')).status).toBe(404);
    expect((await admin('/metrics')).status).toBe(404);
  });

  it('shows a session while it is open, and its usage and exact cost after', async () => {
    const { httpUrl, apiKey, tenantId } = product.ready;
    const client = await connect(httpUrl, { apiKey });
    const Sessions = z.object({ total: z.number(), sessions: z.array(z.object({ tenantId: z.string() })) });
    const sessions = async () => Sessions.parse(await (await admin('/admin/api/v1/sessions')).json());
    const open = await eventually('the open session', async () => {
      const found = await sessions();
      return found.total === 1 ? found.sessions : null;
    });
    expect(open).toEqual([{ tenantId }]);
    await textTurn(client, 'Hello there.');
    await client.close();
    await eventually('the end of the session', async () => ((await sessions()).total === 0 ? true : null));
    const Costs = z.object({ rows: z.array(z.object({ tenantId: z.string(), tenantCharge: z.string() })) });
    const [cost] = await eventually('the cost', async () => {
      const { rows } = Costs.parse(await (await admin('/admin/api/v1/costs?by=tenant')).json());
      return rows.length > 0 ? rows : null;
    });
    expect(cost).toMatchObject({ tenantId, tenantCharge: expect.stringMatching(/^0\.\d*[1-9]$/) });
    expect(await (await admin('/admin/api/v1/overview')).json()).toMatchObject({ chargedToday: cost?.tenantCharge });
  }, 60_000);
});
