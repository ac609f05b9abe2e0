import { createServer, request as requestHttp, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { RefusedRequest } from './parts.js';
import { ReportsForward } from './reports-forward.js';

const silent = { warn: () => undefined };
const servers: Server[] = [];
afterEach(() => servers.splice(0).forEach((server) => server.close()));

async function serve(handler: Parameters<typeof createServer>[1]): Promise<string> {
  const server = createServer(handler);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A gateway that does nothing but forward. */
async function gateway(baseUrl: () => string | null): Promise<string> {
  const forward = new ReportsForward(baseUrl, silent);
  return serve((request, response) => {
    const asked = { headers: request.headers, originalUrl: request.url ?? '' };
    forward.forward(asked, response).catch((error: unknown) => {
      response.statusCode = 503;
      response.end(error instanceof RefusedRequest ? error.refusal.code : 'not a refusal');
    });
  });
}

function ask(origin: string, target: string): Promise<{ status: number; headers: object; body: string }> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve, reject) => {
    const headers = { authorization: 'Bearer tl_key' };
    const asked = requestHttp({ hostname, port, path: target, headers }, (answer) => {
      let body = '';
      answer.setEncoding('utf8').on('data', (text: string) => (body += text));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body }));
    });
    asked.once('error', reject).end();
  });
}

const echo = (name: string) =>
  serve((request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'x-request-id': 'req_1', 'x-secret': 'inside' });
    response.end(
      JSON.stringify({ name, url: request.url, key: request.headers.authorization, host: request.headers.host }),
    );
  });

describe('the forward of reports', () => {
  it('passes path, query and key on, and only headers that are for the caller back', async () => {
    const api = await echo('api');
    const answer = await ask(await gateway(() => api), '/v1/organization/costs?start_time=0&group_by[]=line_item');
    expect(answer).toMatchObject({ status: 200, headers: { 'x-request-id': 'req_1' } });
    expect(answer.headers).not.toHaveProperty('x-secret');
    expect(JSON.parse(answer.body)).toEqual({
      name: 'api',
      url: '/v1/organization/costs?start_time=0&group_by[]=line_item',
      key: 'Bearer tl_key',
      host: 'localhost',
    });
  });

  it.each(['absolute', 'scheme-less'])('gives the key to nobody else when the target is %s', async (form) => {
    const [api, thief] = [await echo('api'), await echo('thief')];
    const target = form === 'absolute' ? `${thief}/v1/organization/costs` : `//${thief.slice(7)}/v1/organization/costs`;
    const answer = await ask(await gateway(() => api), target);
    expect(JSON.parse(answer.body)).toMatchObject({ name: 'api', url: '/v1/organization/costs' });
  });

  it('refuses with reports_unavailable when the control plane is away or there is none', async () => {
    const gone = await serve(() => undefined);
    servers.pop()?.close();
    for (const baseUrl of [gone, null]) {
      expect(await ask(await gateway(() => baseUrl), '/v1/organization/costs')).toMatchObject({
        status: 503,
        body: 'reports_unavailable',
      });
    }
  });
});
