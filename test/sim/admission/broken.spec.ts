import { Switchboard, type LeaseTerms } from '@trunkline/admission';
import {
  Careless,
  Disloyal,
  FamilyBlind,
  Floorless,
  Hoarding,
  Hopeful,
  Idle,
  Impatient,
  LastInFirstOut,
  Leisurely,
  Lingering,
  Loyal,
  Miscounting,
  OnePool,
  Partial,
  Restless,
  Resurrecting,
  Second,
  Spendthrift,
  withoutRecovery,
} from './broken-boards.js';
import { makeEndlessShare } from './lending.js';
import { saturate } from './saturation.js';
import { simulate, type WorldOptions } from './world.js';
import { Violation, type Promised } from './violation.js';

interface Broken {
  readonly does: string;
  readonly breaks: Promised;
  readonly options: WorldOptions;
  /** A seed that shows it, where few do. */
  readonly from?: number;
}

const STORES: readonly Broken[] = [
  {
    does: 'puts a lapsed line back when it is renewed',
    breaks: 'line from nowhere',
    options: { makeBoard: (terms) => new Resurrecting(terms) },
  },
  {
    does: 'lends the lines that floors need',
    breaks: 'floor',
    options: { makeBoard: (terms) => new Floorless(terms) },
  },
  {
    does: 'serves whoever came last',
    breaks: 'order',
    options: { makeBoard: (terms) => new LastInFirstOut(terms) },
  },
  { does: 'keeps lines that lapsed', breaks: 'leak', options: { makeBoard: (terms) => new Hoarding(terms) } },
  {
    does: 'forgets to count a line out',
    breaks: 'miscounted',
    options: { makeBoard: (terms) => new Miscounting(terms) },
  },
  {
    does: 'lets a line that came free lie',
    breaks: 'waits in vain',
    options: { makeBoard: (terms) => new Idle(terms) },
  },
  {
    does: 'does not pause',
    breaks: 'pause',
    options: { makeBoard: (terms) => new Restless(terms) },
  },
  {
    does: 'does not pause a family',
    breaks: 'pause',
    options: { makeBoard: (terms) => new FamilyBlind(terms) },
  },
  {
    does: 'counts no tokens',
    breaks: 'pause',
    options: { makeBoard: (terms) => new Spendthrift(terms) },
  },
  {
    does: 'gives a line that is kept for one key to another',
    breaks: 'line taken away',
    options: { makeBoard: (terms) => new Careless(terms) },
  },
  {
    does: 'keeps the line of a young session while others wait',
    breaks: 'kept',
    options: { makeBoard: (terms) => new Loyal(terms) },
  },
  {
    does: 'lets calls count on a line that is gone',
    breaks: 'kept',
    options: { makeBoard: (terms) => new Hopeful(terms) },
  },
  {
    does: 'keeps no line for a reconnect',
    breaks: 'kept',
    options: { makeBoard: (terms) => new Disloyal(terms) },
  },
  {
    does: 'lets a call wait for one of its pools only',
    breaks: 'left out',
    options: { makeBoard: (terms) => new OnePool(terms) },
  },
  {
    does: 'gives the line of a second pool to who came later there',
    breaks: 'order',
    options: { makeBoard: (terms) => new Second(terms) },
  },
  {
    does: 'leaves a call that has its line in the lines of other pools',
    breaks: 'left in line',
    options: { makeBoard: (terms) => new Lingering(terms) },
  },
  {
    does: 'lets a reservation lapse under a call that has just heard of it',
    breaks: 'cap',
    options: { makeBoard: (terms) => new Impatient(terms), faults: ['bad network'] },
  },
  {
    does: 'admits at once after it lost its memory',
    breaks: 'cap',
    options: { makeBoard: withoutRecovery, whenUnreachable: 'end' },
  },
  {
    does: 'does not notice that it was away',
    breaks: 'cap',
    options: { makeBoard: (terms) => new Switchboard({ ...terms, silenceMaxMs: Infinity }) },
  },
];

// Some need a rare turn of events; none is found after these worlds.
const WORLDS_MAX = 150;

async function firstViolation({ options, breaks, from = 1 }: Broken): Promise<Promised | null> {
  let first: Promised | null = null;
  for (let seed = from; seed < from + WORLDS_MAX; seed++) {
    const found = await violation(() => simulate(seed, options));
    if (found === breaks) return found;
    first ??= found;
  }
  return first;
}

async function violation(run: () => Promise<unknown>): Promise<Promised | null> {
  try {
    await run();
    return null;
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    return error.promised;
  }
}

describe('the simulation notices', () => {
  it.each(STORES)('a store that $does', async (broken) => {
    expect(await firstViolation(broken)).toBe(broken.breaks);
  });

  it('keepers that do not end their sessions before the leases lapse', async () => {
    const options: WorldOptions = { whenUnreachable: 'end', keepersTold: 'keep', faults: ['cut one'] };
    expect(await firstViolation({ does: '', breaks: 'cap', options })).toBe('cap');
  });

  it('gateways that take their time for the upstream of a session whose lease was lost', async () => {
    const makeWatch: WorldOptions['makeWatch'] = (parts) => new Leisurely(parts);
    const options: WorldOptions = { whenUnreachable: 'end', makeWatch, faults: ['cut one'] };
    expect(await firstViolation({ does: '', breaks: 'cap', options })).toBe('cap');
  });

  it('gateways that lend lines which others may have by now', async () => {
    const options: WorldOptions = { whenUnreachable: 'end', makeShare: makeEndlessShare, faults: ['cut one'] };
    expect(await firstViolation({ does: '', breaks: 'cap', options })).toBe('cap');
  });

  it('a store that goes by other weights than the policy', async () => {
    const tenants = [1, 2, 3, 6].map((weight) => ({ floor: 1, weight, callMs: 10_000 }));
    const makeBoard = (terms: LeaseTerms) => new Partial(terms, (share) => ({ ...share, weight: 1 }));
    const parts = { seed: 1, sessionsMax: 40, tenants, releases: 800, makeBoard };
    expect(await violation(() => saturate(parts))).toBe('unfair');
  });

  it('a store that lets a tenant starve', async () => {
    // Two tenants have a floor that the policy does not know of, and leave nothing to the third.
    const tenants = [2, 2, 1].map((weight) => ({ floor: 0, weight, callMs: 10_000 }));
    const makeBoard = (terms: LeaseTerms) => new Partial(terms, (share) => ({ ...share, floor: share.weight - 1 }));
    const parts = { seed: 1, sessionsMax: 2, tenants, releases: 4_500, makeBoard };
    expect(await violation(() => saturate(parts))).toBe('starved');
  });
});
