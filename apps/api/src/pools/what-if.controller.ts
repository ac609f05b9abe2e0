// `/admin/api/v1/pools/what-if`: what would have become of the calls of the last days under another configuration, for
// programs. Changes nothing. Bounded: one at a time, so many calls, so much time, and in slices between everything else.
import { Controller, HttpCode, Inject, Post, Req } from '@nestjs/common';
import {
  changedPolicy,
  comparison,
  noteOfChanges,
  notesOfRecord,
  readRecord,
  replayUnder,
  TooManyCalls,
  WhatIfChangesInput,
  type CallsRecord,
  type RefusedTaken,
} from '@trunkline/admission/adapters/policy';
import { recordedSessionsOfAllTenants, refusedCallsOfAllTenants } from '@trunkline/metering/adapters/prisma';
import type { PolicySnapshot } from '@trunkline/tenancy';
import type { Request } from 'express';
import { z } from 'zod';
import { Allow, OpenToPrograms } from '../access/allow.js';
import { API_PARTS, type ApiRouteParts } from '../api-parts.js';
import { RefusedRequest } from '../http/problem.js';
import { readJson } from '../http/read-json.js';
import { READ_MS_MAX } from '../reads/read-within.js';
import { WORK_MS_MAX } from '../reads/take-within.js';
import { inSlices, type SliceTerms } from './in-slices.js';
import { OneAtATime } from './one-at-a-time.js';

/** The command line replays more. */
export const CALLS_MAX = 50_000;
// The work stops by itself; this is for a query that hangs.
const ANSWER_MS_MAX = WORK_MS_MAX + READ_MS_MAX;
const DAYS_MAX = 31;
const DAY_MS = 86_400_000;
const FEWER = 'Ask of fewer days, or ask the command line: pool what-if.';

const DAYS = `must be a whole number from 1 to ${DAYS_MAX}`;
const Question = z.strictObject({
  days: z.number(DAYS).int(DAYS).min(1, DAYS).max(DAYS_MAX, DAYS).default(7),
  refused: z
    .union(
      [z.enum(['each', 'none']), z.strictObject({ oneInMs: z.number().int().min(1).max(DAY_MS) })],
      'must be "each", "none" or {"oneInMs": 30000}',
    )
    .default('each'),
  seed: z.number().int().default(1),
  changes: WhatIfChangesInput.prefault({}),
});

/** Which record, and how it is taken. */
interface Asked {
  readonly days: number;
  readonly taken: RefusedTaken;
  readonly policy: PolicySnapshot;
}

@Controller('admin/api/v1/pools/what-if')
@OpenToPrograms(true)
export class WhatIfController {
  readonly #oneAtATime = new OneAtATime();

  constructor(@Inject(API_PARTS) private readonly parts: ApiRouteParts) {}

  @Allow('pools:read')
  @Post()
  @HttpCode(200)
  async ask(@Req() request: Request) {
    const question = await readJson(Question, request);
    const isWanted = (): boolean => !request.socket.destroyed;
    const answer = await this.#oneAtATime.begin(() => this.#answer(question, isWanted), ANSWER_MS_MAX);
    if (answer) return answer;
    throw new RefusedRequest('what_if_under_way', { detail: 'Try again in half a minute.' });
  }

  async #answer({ days, refused, seed, changes }: z.output<typeof Question>, isWanted: () => boolean) {
    const endMs = performance.now() + WORK_MS_MAX;
    const present = await this.parts.policy.current();
    const changed = changedPolicy(present, changes);
    if (!changed.ok) throw new RefusedRequest('does_not_hold', { detail: changed.error });
    const record = await this.#record({ days, taken: refused, policy: present }, () => {
      if (!isWanted() || performance.now() >= endMs) throw tooMany('Reading the calls took too long.');
    });
    const sliced = <T>(steps: Generator<undefined, T>) => inTime(steps, { isWanted, msMax: endMs - performance.now() });
    const traffic = await sliced(record.calls());
    const replayed = async (policy: PolicySnapshot) => ({
      policy,
      report: await sliced(replayUnder(policy, traffic, seed)),
    });
    const [now, then] = [await replayed(present), await replayed(changed.value)];
    return {
      notes: [
        ...notesOfRecord(traffic, { taken: refused, policies: [present, changed.value] }),
        noteOfChanges(changes),
      ],
      ...comparison(now, then),
    };
  }

  // Page after page, each on a connection for some milliseconds: no snapshot is needed of what is over.
  async #record({ days, taken, policy }: Asked, goesOn: () => void): Promise<CallsRecord> {
    const { db, tenancy } = this.parts;
    const toMs = tenancy.clock.nowMs();
    const range = { fromMs: toMs - days * DAY_MS, toMs };
    const pages = { sessions: recordedSessionsOfAllTenants(db, range), refusals: refusedCallsOfAllTenants(db, range) };
    try {
      return await readRecord(pages, { taken, policy, ...range, callsMax: CALLS_MAX }, goesOn);
    } catch (error) {
      if (error instanceof TooManyCalls) throw tooMany(`${error.message}.`);
      throw error;
    }
  }
}

async function inTime<T>(steps: Generator<undefined, T>, terms: SliceTerms): Promise<T> {
  const result = await inSlices(steps, terms);
  if (result === null) throw tooMany('The replay took too long.');
  return result;
}

function tooMany(what: string): RefusedRequest {
  return new RefusedRequest('takes_too_long', { detail: `${what} ${FEWER}` });
}
