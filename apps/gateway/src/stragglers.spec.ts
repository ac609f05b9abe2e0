import { JournalError, type JournalRecord, type UsageJournal } from '@trunkline/metering';
import { eventually } from '../../../test/support/poll.js';
import { Stragglers } from './stragglers.js';

const record = (endCause: string): JournalRecord => ({ kind: 'session_closed', session: { endCause } }) as never;
const nameOf = (kept: JournalRecord): string => (kept.kind === 'session_closed' ? kept.session.endCause : kept.kind);

/** A journal that answers each append when told to, with the error of that record if it has one. */
function journalOf(errors: Readonly<Record<string, JournalError>> = {}) {
  const stored: string[] = [];
  const open: (() => void)[] = [];
  const journal: Pick<UsageJournal, 'append'> = {
    append: (kept) =>
      new Promise((resolve, reject) => {
        open.push(() => {
          const error = errors[nameOf(kept)];
          if (error) return reject(error);
          stored.push(nameOf(kept));
          resolve();
        });
      }),
  };
  const answerAll = async (): Promise<void> => {
    for (let turns = 0; turns < 50; turns++) {
      open.shift()?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { journal: journal as UsageJournal, stored, open, answerAll };
}

describe('stragglers', () => {
  it('are stored once each and in order, however slow the journal is', async () => {
    const { journal, stored, open, answerAll } = journalOf();
    const lost: string[] = [];
    const stragglers = new Stragglers(journal, (kept) => lost.push(nameOf(kept)), 1);
    for (const name of ['a', 'b', 'c', 'd']) stragglers.keep(record(name));
    await eventually('the first offer', () => (open.length > 0 ? true : null));
    expect(open).toHaveLength(1); // Many rounds have passed by now, and none began beside the first.
    await answerAll();
    expect([stored, lost, stragglers.size]).toEqual([['a', 'b', 'c', 'd'], [], 0]);
  });

  it('do not wait behind one that the journal can never take, which is reported', async () => {
    const { journal, stored, open, answerAll } = journalOf({ bad: new JournalError('invalid', 'a negative duration') });
    const lost: string[] = [];
    const stragglers = new Stragglers(journal, (kept, why) => lost.push(`${nameOf(kept)}: ${String(why)}`), 1);
    for (const name of ['bad', 'good']) stragglers.keep(record(name));
    await eventually('the first offer', () => (open.length > 0 ? true : null));
    await answerAll();
    expect(stored).toEqual(['good']);
    expect(lost).toEqual([expect.stringContaining('bad: ')]);
  });

  it('that the journal refuses to the end are reported, not forgotten', async () => {
    const { journal, answerAll } = journalOf({ a: new JournalError('io', 'disk'), b: new JournalError('io', 'disk') });
    const lost: string[] = [];
    const stragglers = new Stragglers(journal, (kept) => lost.push(nameOf(kept)), 1);
    for (const name of ['a', 'b']) stragglers.keep(record(name));
    const closed = stragglers.close();
    await answerAll();
    await closed;
    expect([lost, stragglers.size]).toEqual([['a', 'b'], 0]);
  });
});
