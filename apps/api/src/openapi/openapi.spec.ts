// The document is of the routes: it lists all of them, it is what is committed, and no body takes a field that nobody declared.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { apiRoutes } from '../../../../test/support/api-routes.js';
import { describedApi } from './described-api.js';

const Operation = z.looseObject({
  operationId: z.string(),
  'x-permission': z.string().optional(),
  parameters: z.array(z.looseObject({ name: z.string(), in: z.string() })),
  requestBody: z
    .looseObject({ content: z.record(z.string(), z.looseObject({ schema: z.looseObject({}) })) })
    .optional(),
  responses: z.record(z.string(), z.looseObject({})),
});
const Document = z.looseObject({
  openapi: z.string(),
  paths: z.record(z.string(), z.record(z.string(), Operation)),
});

let text = '';
let operations: readonly (z.output<typeof Operation> & { readonly at: string })[] = [];
beforeAll(async () => {
  text = await describedApi();
  const { paths } = Document.parse(JSON.parse(text));
  operations = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ at: `${method.toUpperCase()} ${path}`, ...operation })),
  );
}, 30_000);

describe('the OpenAPI document', () => {
  it('is version 3.1, and the committed one: `npm run openapi` writes it', async () => {
    expect(Document.parse(JSON.parse(text)).openapi).toBe('3.1.0');
    expect(text).toBe(await readFile(join(import.meta.dirname, '../../../../docs/openapi.json'), 'utf8'));
  });

  it('lists each route for programs, with the permission that it needs', () => {
    const routes = apiRoutes().filter(({ path }) => path.startsWith('/admin/api/v1/'));
    const wanted = routes.map(({ method, path, allowance }) => ({
      at: `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`,
      permission: allowance?.permission,
    }));
    const told = operations.map(({ at, ...operation }) => ({ at, permission: operation['x-permission'] }));
    const byPlace = (a: { at: string }, b: { at: string }) => a.at.localeCompare(b.at);
    expect(told.toSorted(byPlace)).toEqual(wanted.toSorted(byPlace));
  });

  it('names each parameter of a path, and each operation once', () => {
    for (const { at, parameters } of operations) {
      const inPath = parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name);
      expect({ at, inPath: inPath.toSorted() }).toEqual({
        at,
        inPath: [...at.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).toSorted(),
      });
    }
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
  });

  it('has no body that takes fields nobody declared', () => {
    const open = operations.filter(({ requestBody }) => {
      const schema = requestBody?.content['application/json']?.schema;
      // One of several is closed when each of them is.
      const { success, data } = z.array(z.record(z.string(), z.unknown())).safeParse(schema?.['oneOf']);
      const kinds = success ? data : schema === undefined ? [] : [schema];
      return kinds.some((kind) => kind['additionalProperties'] !== false);
    });
    expect(open.map(({ at }) => at)).toEqual([]);
  });
});
