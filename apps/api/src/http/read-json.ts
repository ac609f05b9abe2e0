// The body of a request that changes something, read after the guard has let it in: nobody who is not signed in makes this
// process parse anything. JSON only: a form of another site cannot send that without being asked first.
import { json } from 'express';
import type { Request, Response } from 'express';
import type { z } from 'zod';
import { RefusedRequest } from './problem.js';

// A price list of thousands of rows has a few hundred kilobytes.
const BODY_BYTES_MAX = 1_048_576;
const parser = json({ limit: BODY_BYTES_MAX, strict: true, type: 'application/json' });

/** Reads the body by a schema. @throws RefusedRequest `invalid_request` that names the fields at fault. */
export async function readJson<Schema extends z.ZodType>(
  schema: Schema,
  request: Request,
  response: Response,
): Promise<z.output<Schema>> {
  await new Promise<void>((resolve, reject) => {
    parser(request, response, (error?: unknown) => {
      if (error === undefined) resolve();
      else reject(refused(`The body is not JSON of at most ${BODY_BYTES_MAX} bytes.`));
    });
  });
  const parsed = schema.safeParse(request.body);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.map((issue) => ({
    parameter: issue.path.map(String).join('.').slice(0, 80),
    detail: issue.message,
  }));
  const where = errors.map(({ parameter, detail }) => `${parameter} ${detail}`.trim()).join('; ');
  throw new RefusedRequest('invalid_request', {
    detail: `Send JSON with content-type application/json: ${where}.`,
    errors,
  });
}

function refused(detail: string): RefusedRequest {
  return new RefusedRequest('invalid_request', { detail });
}
