import { HeldAnswers, type CommittedWords, type Unjudged } from './held-answers.js';

/** Held answers of a session with turn detection, and what came of them. */
function answers(rest: { readonly onFailure?: 'open' | 'closed'; readonly mayAsk?: boolean } = {}) {
  const said: string[] = [];
  const timers = new Set<() => void>();
  const world = { isFirst: true, nowMs: 0, heldMs: [] as number[] };
  let names = 0;
  const held: HeldAnswers = new HeldAnswers({
    startTimer: (_afterMs, expired) => {
      timers.add(expired);
      return () => timers.delete(expired);
    },
    nowMs: () => world.nowMs,
    answerHeld: (ms) => world.heldMs.push(ms),
    deadlineMs: () => 3_000,
    isFirst: () => world.isFirst,
    nextEventId: () => `ours_${names++}`,
    ask: (eventId) => {
      const mayBe = rest.mayAsk ?? true;
      said.push(mayBe ? `ask ${eventId}` : 'denied');
      return Promise.resolve(mayBe);
    },
    put: ({ payload }) => {
      said.push(`put ${payload.toString()}`);
      return Promise.resolve(true);
    },
    refuse: ({ payload }) => said.push(`refuse ${payload.toString()}`),
    cancel: (id) => said.push(`cancel ${id}`),
    unjudged: (itemId: string, why: Unjudged) => {
      said.push(`${why} ${itemId}`);
      if (rest.onFailure !== 'closed') return false;
      held.blocked(itemId);
      return true;
    },
  });
  const commit = (itemId: string, more: Partial<CommittedWords> = {}): void =>
    held.committed({ itemId, answersAreOurs: true, mustBeJudged: true, isTranscribed: true, ...more });
  /** A turn that turn detection ends. */
  const turn = (itemId: string, more: Partial<CommittedWords> = {}): void => {
    held.turnEnded(itemId, 'speech');
    commit(itemId, more);
  };
  const pass = (itemId: string): void => {
    held.judging(itemId);
    held.passed(itemId);
    held.transcriptEnded(itemId, false);
  };
  const expire = (): void => [...timers].forEach((expired) => expired());
  return { held, said, timers, world, turn, commit, pass, expire };
}

const question = (name: string, isInConversation = true) => ({
  payload: Buffer.from(name),
  eventId: name,
  ownId: name,
  isInConversation,
});
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('a turn that turn detection ends', () => {
  it('is answered when its words are judged, and not before', () => {
    const { said, turn, pass } = answers();
    turn('a');
    expect(said).toEqual([]);
    pass('a');
    expect(said).toEqual(['ask ours_0']);
  });

  it('says how long its answer was held, from the first turn that it answers', () => {
    const { held, world, turn, pass } = answers();
    turn('a');
    world.nowMs = 400;
    pass('a');
    held.began('resp_a');
    held.speechStarted(false);
    world.nowMs = 1_000;
    turn('b');
    pass('b');
    world.nowMs = 1_700;
    held.ended();
    expect(world.heldMs).toEqual([400, 700]);
  });

  it('waits for every verdict about it, whichever comes last', () => {
    const { held, said, turn } = answers();
    turn('a');
    held.judging('a');
    held.judging('a');
    held.transcriptEnded('a', false);
    held.passed('a');
    expect(said).toEqual([]);
    held.passed('a');
    expect(said).toEqual(['ask ours_0']);
  });

  it('is not answered when it is blocked', () => {
    const { held, said, turn } = answers();
    turn('a');
    expect(held.blocked('a')).toBe(true);
    held.transcriptEnded('a', false);
    expect([said, held.isBusy]).toEqual([[], false]);
  });

  it('is answered with the next one, once, when the caller speaks on', () => {
    const { held, said, turn, pass } = answers();
    turn('a');
    held.speechStarted(true);
    pass('a');
    expect(said).toEqual([]);
    turn('b');
    pass('b');
    expect(said).toEqual(['ask ours_0']);
  });

  it('is answered only when the turn before is judged as well', () => {
    const { held, said, turn, pass } = answers();
    turn('a');
    held.speechStarted(true);
    turn('b');
    pass('b');
    expect(said).toEqual([]);
    held.blocked('a');
    expect(said).toEqual(['ask ours_0']);
  });

  it('is answered after the answer that is running, where speech does not interrupt', () => {
    const { held, said, turn, pass } = answers();
    turn('a');
    pass('a');
    held.began('resp_a');
    held.speechStarted(false);
    turn('b');
    pass('b');
    expect(said).toEqual(['ask ours_0']);
    held.ended();
    expect(said).toEqual(['ask ours_0', 'ask ours_1']);
  });

  it('waits for no commit that the upstream does not answer', () => {
    const { held, said, timers, turn, expire } = answers();
    held.commits('commit_1');
    turn('a', { mustBeJudged: false });
    expect(said).toEqual([]);
    expire();
    expect([said.at(0), timers.size]).toEqual(['ask ours_0', 1]);
  });

  it('is answered later when the upstream is busy, and not at all when a budget denies it', async () => {
    const busy = answers();
    busy.turn('a');
    busy.pass('a');
    busy.held.refused('ours_0', true);
    busy.held.ended();
    expect(busy.said).toEqual(['ask ours_0', 'ask ours_1']);
    const denied = answers({ mayAsk: false });
    denied.turn('a');
    denied.pass('a');
    await settled();
    expect([denied.said, denied.held.isBusy, denied.timers.size]).toEqual([['denied'], false, 0]);
  });

  it('has its answer stopped where the caller speaks on before it begins, as turn detection would', () => {
    const { held, said, turn, pass } = answers();
    turn('a');
    pass('a');
    held.speechStarted(true);
    held.began('resp_a');
    expect(said).toEqual(['ask ours_0', 'cancel resp_a']);
    held.ended();
    turn('b');
    pass('b');
    expect(said.at(-1)).toBe('ask ours_1');
  });

  it('is the app to answer where the app told turn detection not to', () => {
    const { said, turn, pass } = answers();
    turn('a', { answersAreOurs: false });
    pass('a');
    expect(said).toEqual([]);
  });

  it('of silence is answered at once', () => {
    const { held, said, commit } = answers();
    held.turnEnded('a', 'silence');
    commit('a');
    expect(said).toEqual(['ask ours_0']);
    // The upstream answered it by itself all the same.
    held.began('resp_upstream');
    held.refused('ours_0', true);
    held.ended();
    expect(said).toEqual(['ask ours_0']);
  });

  it('of silence is not answered over words that are unjudged, whoever begins the answer', () => {
    const { held, said, turn, commit, pass } = answers();
    turn('a');
    held.turnEnded('b', 'silence');
    commit('b');
    expect(said).toEqual([]);
    held.began('resp_idle');
    expect(said).toEqual(['cancel resp_idle']);
    held.ended();
    pass('a');
    expect(said).toEqual(['cancel resp_idle', 'ask ours_0']);
  });

  it('waits for what must be said before any answer', () => {
    const { held, said, world, turn, pass } = answers();
    world.isFirst = false;
    turn('a', { mustBeJudged: false });
    pass('a');
    expect(said).toEqual([]);
    world.isFirst = true;
    held.settle();
    expect(said).toEqual(['ask ours_0']);
  });
});

describe('an answer that begins by itself while words are unjudged', () => {
  it('is stopped, and begun anew when they are judged', () => {
    const { held, said, turn, pass } = answers();
    turn('a');
    held.began('resp_0');
    expect(said).toEqual(['cancel resp_0']);
    held.ended();
    pass('a');
    expect(said).toEqual(['cancel resp_0', 'ask ours_0']);
  });
});

describe('a question of the app', () => {
  it('is put at once when nothing is unjudged', () => {
    const { held } = answers();
    expect(held.keeps(question('q'))).toBe(false);
  });

  it('waits for what was committed before it, also when the upstream has not said which item that is', async () => {
    const { held, said, commit, pass } = answers();
    held.commits('commit_1');
    expect(held.keeps(question('q'))).toBe(true);
    commit('a');
    let isFree = false;
    void held.untilFree().then(() => (isFree = true));
    await settled();
    expect([said, isFree]).toEqual([[], false]);
    pass('a');
    await settled();
    expect([said, isFree]).toEqual([['put q'], true]);
  });

  it('waits no longer than for a commit that the upstream refuses', () => {
    const { held, said } = answers();
    held.commits('commit_1');
    held.keeps(question('q'));
    held.refused('other', false);
    expect(said).toEqual([]);
    held.refused('commit_1', false);
    expect(said).toEqual(['put q']);
  });

  it('that is refused is the app to ask again; the turns that it was to answer are answered', async () => {
    const { held, said, turn, pass } = answers();
    turn('a');
    held.keeps(question('q'));
    pass('a');
    await settled();
    held.refused('q', true);
    held.ended();
    expect(said).toEqual(['put q', 'ask ours_0']);
    held.began('resp_a');
    held.ended();
    held.commits('commit_1');
    held.keeps(question('r'));
    held.refused('commit_1', false);
    await settled();
    held.refused('r', true);
    held.ended();
    expect(said.slice(2)).toEqual(['put r']);
  });

  it('is refused when what it asks about is blocked; one that a turn was added to is put', () => {
    const { held, said, turn, commit } = answers();
    commit('a');
    held.keeps(question('q'));
    expect(held.blocked('a')).toBe(true);
    expect(said).toEqual(['refuse q']);
    turn('b');
    held.keeps(question('r'));
    held.blocked('b');
    expect(said).toEqual(['refuse q', 'put r']);
  });

  it('is stopped where the caller speaks before its answer begins, unless it answers what they said', async () => {
    const { held, said, turn, pass } = answers();
    turn('a');
    held.keeps(question('q'));
    held.speechStarted(true);
    pass('a');
    held.began('resp_q');
    expect(said).toEqual(['put q', 'cancel resp_q']);
    held.ended();
    await settled();
    turn('b');
    held.keeps(question('r'));
    held.speechStarted(true);
    turn('c');
    pass('b');
    pass('c');
    held.began('resp_r');
    expect(said.slice(2)).toEqual(['put r']);
  });

  it('answers the turns that are due as well', () => {
    const { held, said, turn, pass } = answers();
    turn('a');
    held.keeps(question('q'));
    pass('a');
    held.began('resp_q');
    held.ended();
    expect(said).toEqual(['put q']);
  });
});

describe('a question beside the conversation', () => {
  it('waits for the words in it, and leaves the turn to be answered', async () => {
    const { held, said, timers, world, turn, pass } = answers();
    turn('a');
    expect(held.keeps(question('aside', false))).toBe(true);
    world.nowMs = 400;
    pass('a');
    await settled();
    expect([said, world.heldMs]).toEqual([['put aside', 'ask ours_0'], [400]]);
    held.began('resp_a');
    held.ended();
    expect([held.isBusy, timers.size]).toEqual([false, 0]);
  });

  it('keeps no later turn waiting, and is not what the caller interrupts', async () => {
    const { held, said, turn, pass } = answers();
    turn('a');
    held.keeps(question('aside', false));
    held.speechStarted(true);
    pass('a');
    await settled();
    turn('b');
    pass('b');
    held.began('resp_b');
    expect(said).toEqual(['put aside', 'ask ours_0']);
  });

  it('is refused like any other when what it asks about is blocked', () => {
    const { held, said, commit } = answers();
    commit('a');
    held.keeps(question('aside', false));
    held.blocked('a');
    expect([said, held.isBusy]).toEqual([['refuse aside'], false]);
  });
});

describe('words without a verdict', () => {
  it.each([
    ['open', ['transcription_failed a', 'ask ours_0']],
    ['closed', ['transcription_failed a']],
  ] as const)('are answered by the failure rule: %s', (onFailure, outcome) => {
    const { held, said, turn } = answers({ onFailure });
    turn('a');
    held.transcriptEnded('a', true);
    expect([said, held.isKeeping]).toEqual([outcome, false]);
  });

  it('fail at their deadline, and at once where nothing transcribes them', () => {
    const late = answers();
    late.turn('a');
    late.expire();
    expect(late.said).toEqual(['late a', 'ask ours_0']);
    const deaf = answers();
    deaf.turn('a', { isTranscribed: false });
    expect(deaf.said).toEqual(['not_transcribed a', 'ask ours_0']);
  });

  it('keep no question waiting past its deadline, whatever the upstream does', async () => {
    const { held, said, expire } = answers();
    held.commits('commit_1');
    held.keeps(question('q'));
    expire();
    await settled();
    expect([said, held.isKeeping]).toEqual([['put q'], false]);
  });
});

it('leaves no timer when the session is over, and nobody waiting', async () => {
  const { held, said, timers, turn } = answers();
  turn('a');
  held.keeps(question('q'));
  const free = held.untilFree();
  held.close();
  await free;
  turn('b');
  expect([said, timers.size]).toEqual([[], 0]);
});
