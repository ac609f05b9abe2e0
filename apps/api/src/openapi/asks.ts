// For routes whose query is read in the handler, because what it may be depends on the clock: the document shows the same schema.
import { applyDecorators } from '@nestjs/common';
import { ApiQuery } from '@nestjs/swagger';
import { z } from 'zod';

type Schema = NonNullable<Extract<Parameters<typeof ApiQuery>[0], { readonly schema: unknown }>['schema']>;

/** Describes a query, parameter by parameter. It checks nothing. */
export function Asks(query: z.ZodObject): MethodDecorator {
  const { properties = {}, required = [] } = z.toJSONSchema(query, { io: 'input', unrepresentable: 'any' });
  const parameters = Object.entries(properties).map(([name, schema]) =>
    ApiQuery({ name, required: required.includes(name), schema: schema as Schema }),
  );
  return applyDecorators(...parameters);
}
