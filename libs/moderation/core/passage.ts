// One piece on its way past the hooks of a pipeline. Pieces of a stream keep their order: each hook is asked about a piece
// when it was asked about the one before, whatever that one still waits for, and decisions come in the order of the pieces. So
// the answers of a slow hook are awaited side by side, and no hook sees a text with its parts exchanged.

/** The way of one piece. */
export class Passage<Piece> {
  /** How many hooks were asked, or need not be. */
  private asked = 0;
  private waiting: { readonly index: number; readonly resolve: () => void } | null = null;

  /** @param before the piece before it in its stream, while it is on its way; null: there is none. */
  constructor(
    readonly piece: Piece,
    private before: Passage<Piece> | null,
  ) {}

  /** Resolves when it is this piece's turn at a hook; null: it is. */
  turnAt(index: number): Promise<void> | null {
    const { before } = this;
    if (before === null || before.asked > index) return null;
    // Only the next piece of the stream waits here, and at one hook at a time.
    return new Promise((resolve) => (before.waiting = { index, resolve }));
  }

  /** A hook was asked. */
  wasAskedAt(index: number): void {
    this.isPast(index + 1);
  }

  /** No more hooks are asked. */
  isOver(): void {
    this.before = null;
    this.isPast(Infinity);
  }

  private isPast(asked: number): void {
    this.asked = asked;
    const { waiting } = this;
    if (waiting === null || waiting.index >= asked) return;
    this.waiting = null;
    waiting.resolve();
  }
}

/** What belongs to a stream, or to none. */
interface Streamed {
  readonly streamId: string | null;
}

/** The last pieces of streams that are on their way, of one session. Bounded: each hook has a deadline. */
export class Passages<Piece extends Streamed, Decision> {
  private readonly last = new Map<string, { readonly passage: Passage<Piece>; readonly decision: Promise<Decision> }>();

  /** A piece sets out. @param judge takes it past the hooks. */
  send(piece: Piece, judge: (passage: Passage<Piece>) => Decision | Promise<Decision>): Decision | Promise<Decision> {
    const { streamId } = piece;
    if (streamId === null) return judge(new Passage<Piece>(piece, null));
    const before = this.last.get(streamId);
    const passage = new Passage(piece, before?.passage ?? null);
    const judged = judge(passage);
    if (before === undefined && !(judged instanceof Promise)) return judged;
    const decision = this.inOrder(judged, before?.decision);
    const entry = { passage, decision };
    this.last.set(streamId, entry);
    return decision.then((decided) => {
      if (this.last.get(streamId) === entry) this.last.delete(streamId);
      return decided;
    });
  }

  private async inOrder(judged: Decision | Promise<Decision>, before?: Promise<Decision>): Promise<Decision> {
    await before;
    return judged;
  }
}
