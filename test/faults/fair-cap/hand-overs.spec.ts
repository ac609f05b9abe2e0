import { handOvers } from './hand-overs.js';

const session = (id: string, openedAt: number, closedAt: number | null, refusal: string | null = null) => {
  return { id, openedAt, closedAt, refusal };
};

describe('hand-overs by the upstream’s books', () => {
  it('go from the close of a session to the client that was waiting then', () => {
    const booked = [
      session('a', 0, 1_000),
      session('b', 0, 1_010),
      session('c', 1_015, null),
      session('d', 1_030, null),
    ];
    const letIn = new Map([
      ['c', { askedAtMs: 500, heardAtMs: 1_020 }],
      ['d', { askedAtMs: 600, heardAtMs: 1_040 }],
    ]);
    expect(handOvers(booked, letIn)).toEqual({ count: 2, msP50: 30, msP99: 30, openedMsP50: 20 });
  });

  it('are none of a client that came when the line was free already, which takes it all the same', () => {
    const booked = [session('a', 0, 100), session('b', 0, 1_000), session('c', 500, null), session('d', 1_010, null)];
    const letIn = new Map([
      ['c', { askedAtMs: 490, heardAtMs: 505 }],
      ['d', { askedAtMs: 700, heardAtMs: 1_020 }],
    ]);
    expect(handOvers(booked, letIn)).toEqual({ count: 1, msP50: 20, msP99: 20, openedMsP50: 10 });
  });

  it('are nobody’s where all lines were free or the upstream refused', () => {
    const booked = [session('a', 0, null), session('b', 10, 10, 'limit'), session('c', 20, null)];
    expect(handOvers(booked, new Map())).toEqual({ count: 0, msP50: null, msP99: null, openedMsP50: null });
  });
});
