// Creates that may be sent twice: with an `Idempotency-Key`, the same request within a day makes one thing and has the same answer,
// a secret that is shown once included. The key belongs to who sent it.
import { createHash } from 'node:crypto';
import type { Result } from '@trunkline/kernel';
import type { Database } from '@trunkline/platform/database';
import type { AdministrationRefusal } from '@trunkline/tenancy';
import { MadeBefore, onceOnly, OtherRequest } from '@trunkline/tenancy/adapters/prisma';
import type { Request } from 'express';
import type { z } from 'zod';
import { accessOf } from '../access/access-of.js';
import { auditedDb, type RequestedChange } from '../access/audit.js';
import type { ApiRouteParts } from '../api-parts.js';
import { administered } from './administered.js';
import { RefusedRequest } from './problem.js';

const KEY = /^[\x21-\x7e]{1,200}$/;
const NOT_A_KEY = 'Idempotency-Key must be 1 to 200 printable characters without spaces, such as a UUID.';
const REUSED =
  'This Idempotency-Key came with another request within a day. Use a new one for each thing that you make.';
const NO_SEAL =
  'This process cannot keep answers. Leave Idempotency-Key out, or start it with the pepper of the installation.';

/** What is made, and how it is told. */
export interface Make<T, Answer extends z.ZodType, Refusal = AdministrationRefusal> {
  readonly change: RequestedChange;
  /** What makes two requests the same, beside method and path. */
  readonly body: unknown;
  /** The services do it on this database, in one transaction. */
  readonly make: (db: Database) => Promise<Result<T, Refusal>>;
  readonly answer: Answer;
  readonly view: (value: T) => z.output<Answer>;
}

type Parts = Pick<ApiRouteParts, 'db' | 'tenancy' | 'seal'>;

/** Makes something of tenancy, once where the request has a key. @throws RefusedRequest */
export async function madeOnce<T, Answer extends z.ZodType>(
  parts: Parts,
  request: Request,
  making: Make<T, Answer>,
): Promise<z.output<Answer>> {
  return madeOnceAs(parts, request, {
    ...making,
    valueOf: (outcome: Result<T, AdministrationRefusal>) => administered(outcome),
  });
}

/** The same of any other service: `valueOf` says a refusal in the words of the listener. @throws RefusedRequest */
export async function madeOnceAs<T, Answer extends z.ZodType, Refusal>(
  parts: Parts,
  request: Request,
  {
    change,
    body,
    make,
    answer,
    view,
    valueOf,
  }: Make<T, Answer, Refusal> & { readonly valueOf: (outcome: Result<T, Refusal>) => T },
): Promise<z.output<Answer>> {
  const db = auditedDb(parts.db, request, change);
  const key = request.headers['idempotency-key'];
  if (key === undefined) return view(valueOf(await make(db)));
  if (typeof key !== 'string' || !KEY.test(key)) throw new RefusedRequest('invalid_request', { detail: NOT_A_KEY });
  const { seal } = parts;
  if (seal === null) throw new RefusedRequest('secrets_not_here', { detail: NO_SEAL });
  const { kind, id } = accessOf(request).principal;
  const keyHash = parts.tenancy.hashKey(`idempotency\n${kind}\n${id}\n${key}`);
  const repeatable = {
    ...{ keyHash, bodyHash: hashOf(`${request.method} ${request.path}\n${JSON.stringify(body)}`) },
    nowMs: parts.tenancy.clock.nowMs(),
    answerOf: (value: T) => seal.seal(JSON.stringify(view(value)), keyHash),
  };
  try {
    return view(valueOf(await make(onceOnly(db, repeatable))));
  } catch (error) {
    if (error instanceof OtherRequest) throw new RefusedRequest('idempotency_key_reused', { detail: REUSED });
    if (!(error instanceof MadeBefore)) throw error;
    const before = seal.open(error.answerSealed, keyHash);
    if (before === null) throw new RefusedRequest('idempotency_key_reused', { detail: REUSED });
    return answer.parse(JSON.parse(before));
  }
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
