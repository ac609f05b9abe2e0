// The OpenAPI 3.1 document of the admin API, from the routes themselves: paths, parameters and permissions from Nest's metadata,
// schemas from the zod schemas that check and type them. No route is described twice, so none is described wrongly.
import type { Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { z } from 'zod';
import { API_PARTS } from '../api-parts.js';
import { PROBLEMS } from '../http/problem.js';

const PREFIX = '/admin/api/v1/';
const DESCRIPTION =
  'Administration of a Trunkline installation. Programs send a token as Authorization: Bearer; errors are application/problem+json. ' +
  'Edits need If-Match with the ETag of what was read; creates take an Idempotency-Key.';

const Problem = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.enum(Object.keys(PROBLEMS)),
  detail: z.string().meta({ description: 'Says what to do.' }),
  errors: z.array(z.strictObject({ parameter: z.string(), detail: z.string() })).optional(),
  instance: z.string().meta({ description: 'The id of the request, as in the log.' }),
  current: z.unknown().optional().meta({ description: 'Of changed_meanwhile: what is there now.' }),
});

class DescribedModule {}

/** Builds the document. Nothing is instantiated: controllers are looked at, not made. */
export async function openApiDocument(controllers: readonly Type[]): Promise<object> {
  // In a preview nothing is injected; the name has to be known.
  const providers = [{ provide: API_PARTS, useValue: null }];
  const module = { module: DescribedModule, controllers: [...controllers], providers };
  const app = await NestFactory.create(module, new ExpressAdapter(), {
    ...{ preview: true, abortOnError: false },
    logger: false,
  });
  const config = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Trunkline admin API')
    .setDescription(DESCRIPTION)
    .setVersion('1')
    .addBearerAuth()
    .addSecurityRequirements('bearer')
    .build();
  const document = SwaggerModule.createDocument(app, config, {
    operationIdFactory: (controller, method) => `${controller.replace(/Controller$/, '')}_${method}`,
    standardSchemaConverter: (schema, { schemaType }) =>
      schema instanceof z.ZodType ? { schema: jsonSchemaOf(schema, schemaType), components: {} } : undefined,
  });
  return { ...document, paths: ownPaths(document), components: { ...document.components, ...problemParts() } };
}

type Paths = OpenAPIObject['paths'];

function ownPaths({ paths }: OpenAPIObject): Paths {
  const kept = Object.entries(paths).filter(([path]) => path.startsWith(PREFIX));
  return Object.fromEntries(kept.map(([path, item]) => [path, withProblems(item)]));
}

function withProblems(item: Paths[string]): Paths[string] {
  const operations = Object.entries(item).map(([method, operation]: [string, Operation]) => {
    const responses = { ...operation.responses, default: { $ref: '#/components/responses/Problem' } };
    return [method, { ...operation, responses }];
  });
  return Object.fromEntries(operations) as Paths[string];
}

interface Operation {
  readonly responses?: object;
}

function problemParts() {
  const content = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
  return {
    schemas: { Problem: jsonSchemaOf(Problem, 'output') },
    responses: { Problem: { description: 'What went wrong, and what to do', content } },
  };
}

function jsonSchemaOf(schema: z.ZodType, io: 'input' | 'output') {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io, unrepresentable: 'any', reused: 'inline' });
  return json;
}
