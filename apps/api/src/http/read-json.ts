// The body of a request that changes something, read after the guard has let it in: nobody who is not signed in makes this
// process parse anything. JSON only: a form of another site cannot send that without being asked first.
import type { Request } from 'express';
import type { z } from 'zod';
import { unstorableProblem } from './storable-input.js';
import { fieldProblems, inWords } from './field-problems.js';
import { RefusedRequest } from './problem.js';

// A price list of thousands of rows has a few hundred kilobytes.
const BODY_BYTES_MAX = 1_048_576;

/** Reads the body by a schema. @throws RefusedRequest `invalid_request` that names the fields at fault. */
export async function readJson<Schema extends z.ZodType>(schema: Schema, request: Request): Promise<z.output<Schema>> {
  return checkBody(schema, await jsonOf(request));
}

/** The body as it came. @throws RefusedRequest for what is no JSON, or holds what cannot be kept */
export async function jsonOf(request: Request): Promise<unknown> {
  const body = parseJson(await bodyOf(request));
  const problem = unstorableProblem(body);
  if (problem !== null) throw refused(problem);
  return body;
}

/** Checks a body against its schema. @throws RefusedRequest `invalid_request` that names the fields at fault */
export function checkBody<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const errors = fieldProblems(body, parsed.error, 'is not a field of this request');
  throw new RefusedRequest('invalid_request', { detail: `${inWords(errors)}.`, errors });
}

async function bodyOf(request: Request): Promise<string> {
  if (request.is('application/json') === false) throw refused('Send JSON with content-type application/json.');
  const body: AsyncIterable<Uint8Array> = request;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > BODY_BYTES_MAX) throw refused(`The body has more than ${BODY_BYTES_MAX} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw refused('The body is not JSON.');
  }
}

function refused(detail: string): RefusedRequest {
  return new RefusedRequest('invalid_request', { detail });
}
