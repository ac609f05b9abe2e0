// What a route declares beside a parameter (`@Query({ schema })`, `@Body({ schema })`) is what is checked and what the OpenAPI
// document says: one schema, two readers. Schemas are strict, so a field that a route does not know is refused, not ignored.
import type { ArgumentMetadata, PipeTransform } from '@nestjs/common';
import { z } from 'zod';
import { checkQuery } from './check-query.js';
import { checkBody } from './read-json.js';

/**
 * Checks queries and bodies that have a schema. Queries are handed on as the schema read them. Bodies are handed on as they came,
 * because the services below read them by the same schema, for the command line too.
 * @throws RefusedRequest
 */
export class ValidInput implements PipeTransform {
  transform(value: unknown, { type, schema }: ArgumentMetadata): unknown {
    if (!(schema instanceof z.ZodType)) return value;
    if (type === 'query') return checkQuery(schema, value);
    if (type === 'body') checkBody(schema, value);
    return value;
  }
}
