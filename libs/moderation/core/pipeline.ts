// Asks the hooks of a policy about what passes in one session, in order, each by its deadline, and makes one decision of
// their words. Answers in the same turn of the event loop when all hooks asked do. Guarantees: a hook that fails, throws
// or is late has the effect that its policy states and no other; hooks see the pieces of a stream in order, and decisions about
// them come in order; a decision carries no content but the redacted text.
// Leaves to others: finding content in events, holding frames, acting.
import { actionOf, findingsThatCount, type HookBinding } from './binding.js';
import { HookUnavailable } from './circuit.js';
import { CONTENT_KINDS, type Content, type ContentKind } from './content.js';
import { HookFailed, type HookContext } from './hook.js';
import { Passages, type Passage } from './passage.js';
import { TextWindow } from './text-window.js';
import { redactSpans, severer, stopsContent, type Action, type Finding, type Span, type Verdict } from './verdict.js';

/** What somebody said, as it comes: for streams, only what is new. */
export interface Piece {
  readonly kind: ContentKind;
  /** See `Content`. */
  readonly streamId: string | null;
  readonly text: string;
  readonly complete: boolean;
}

/** Why a hook gave no verdict: `late` or `failed`; `resting` after failures or `busy`, and so not asked at all. */
export type HookFailure = 'late' | 'failed' | HookUnavailable['why'];

/** What one hook said. */
export interface HookWord {
  readonly binding: HookBinding;
  /** What it leads to; of a dry run, what it would have led to. */
  readonly action: Action;
  readonly findings: readonly Finding[];
  readonly failure: HookFailure | null;
  /** Of a failure, for operators; null where the hook did not say. No content. */
  readonly reason: string | null;
}

/** What becomes of a piece. */
export interface Decision {
  /** The severest of all hooks that are not on a dry run. */
  readonly action: Action;
  /** What to put in its place when `action` is `redact`; for a stream, of the piece alone. Null otherwise. */
  readonly redacted: string | null;
  /** Hooks that found something or failed, in order. */
  readonly words: readonly HookWord[];
}

/** Timers as a port: calls back once after so many milliseconds unless it is called off before. */
export type StartTimer = (afterMs: number, expired: () => void) => () => void;

const NOTHING: Decision = { action: 'pass', redacted: null, words: [] };
const SENTENCE_END = /[.!?\u2026\u3002\uff01\uff1f\u061f\u06d4\n]/;
/** A speaker who never ends a sentence is judged after so many code units all the same. */
const SENTENCE_MAX = 400;

/** The hooks of one session. Bounded memory. */
export class Pipeline {
  private readonly runs: readonly HookRun[];
  private readonly passages = new Passages<Piece, Decision>();

  /** @param passed a hook was asked and has nothing to say against it; what hooks say is in the decisions. */
  constructor(
    bindings: readonly HookBinding[],
    context: HookContext,
    startTimer: StartTimer,
    passed: (binding: HookBinding) => void = () => undefined,
  ) {
    this.runs = bindings.map((binding) => new HookRun(binding, context, startTimer, passed));
  }

  /** Asks about a piece. Never rejects. */
  judge(piece: Piece): Decision | Promise<Decision> {
    return this.passages.send(piece, (passage) => this.askFrom(0, passage, []));
  }

  private askFrom(index: number, passage: Passage<Piece>, words: readonly HookWord[]): Decision | Promise<Decision> {
    let heard = words;
    for (let i = index; i < this.runs.length; i++) {
      const turn = passage.turnAt(i);
      if (turn !== null) return turn.then(() => this.askFrom(i, passage, heard));
      const answer = this.runs[i]?.ask(passage.piece) ?? null;
      passage.wasAskedAt(i);
      if (answer instanceof Promise) {
        return answer.then((word) => {
          const all = word === null ? heard : [...heard, word];
          return isLast(word) ? decide(passage, all) : this.askFrom(i + 1, passage, all);
        });
      }
      if (answer !== null) heard = [...heard, answer];
      if (isLast(answer)) break;
    }
    return decide(passage, heard);
  }
}

function isLast(word: HookWord | null): boolean {
  return word !== null && !word.binding.dryRun && stopsContent(word.action);
}

function decide(passage: Passage<Piece>, words: readonly HookWord[]): Decision {
  passage.isOver();
  const { piece } = passage;
  if (words.length === 0) return NOTHING;
  const enforced = words.filter(({ binding }) => !binding.dryRun);
  const action = enforced.reduce<Action>((severest, word) => severer(severest, word.action), 'pass');
  const redacted = action === 'redact' ? redactSpans(piece.text, spansOf(enforced)) : null;
  return { action, redacted, words };
}

function spansOf(words: readonly HookWord[]): readonly Span[] {
  const redacting = words.filter(({ action }) => action === 'redact');
  return redacting.flatMap(({ findings }) => findings.flatMap(({ span }) => (span === null ? [] : [span])));
}

/** One hook in one session. */
class HookRun {
  private readonly window: TextWindow;
  /** What of each stream was not shown yet, where the hook is not asked with every piece. */
  private readonly unshown: TextWindow;

  constructor(
    private readonly binding: HookBinding,
    private readonly context: HookContext,
    private readonly startTimer: StartTimer,
    private readonly passed: (binding: HookBinding) => void,
  ) {
    this.window = new TextWindow(binding.hook.lookBack);
    this.unshown = new TextWindow('all');
  }

  /** Null where the hook has nothing to say. Findings' spans are made relative to the piece. */
  ask(piece: Piece): HookWord | null | Promise<HookWord | null> {
    const { hook, kinds } = this.binding;
    if (!kinds.includes(piece.kind) || !hook.kinds.includes(piece.kind)) return null;
    const shown = this.toShow(piece);
    if (shown === null) return null;
    const pieceAt = shown.content.startsAt + shown.content.text.length - piece.text.length;
    const controller = new AbortController();
    let answer: Verdict | Promise<Verdict>;
    try {
      answer = hook.inspect(shown.content, this.context, controller.signal);
    } catch (error) {
      return this.failed(error);
    }
    if (!(answer instanceof Promise)) return this.heard(answer, shown, pieceAt);
    return this.await(answer, controller, (verdict) => this.heard(verdict, shown, pieceAt));
  }

  private toShow({ kind, streamId, text, complete }: Piece): Shown | null {
    if (streamId === null || !CONTENT_KINDS[kind].streams)
      return { content: { kind, streamId, text, startsAt: 0, complete: true }, newFrom: 0 };
    const waiting = this.unshown.add(streamId, text);
    if (!this.isDue(waiting.text, complete)) return null;
    this.unshown.close(streamId);
    const windowed = this.window.add(streamId, waiting.text);
    if (complete) this.window.close(streamId);
    const newFrom = windowed.startsAt + windowed.text.length - waiting.text.length;
    return { content: { kind, streamId, ...windowed, complete }, newFrom };
  }

  private isDue(waiting: string, complete: boolean): boolean {
    switch (this.binding.hook.cadence) {
      case 'piece':
        return true;
      case 'sentence':
        return complete || waiting.length >= SENTENCE_MAX || SENTENCE_END.test(waiting);
      case 'complete':
        return complete;
    }
  }

  private heard(verdict: Verdict, { content, newFrom }: Shown, pieceAt: number): HookWord | null {
    // What was certain before the new part was found, and told, when it was new.
    const isNew = ({ span, certainAt }: Finding): boolean =>
      span === null || content.startsAt + (certainAt ?? span.end) > newFrom;
    const findings = verdict.findings.filter(isNew);
    // All that it would cut out was told before.
    if (verdict.action === 'redact' && findings.length === 0 && verdict.findings.length > 0) return null;
    const action = actionOf(this.binding, { ...verdict, findings });
    if (action === 'pass') {
      this.passed(this.binding);
      return null;
    }
    const shift = content.startsAt - pieceAt;
    const told = findingsThatCount(this.binding, { ...verdict, findings }).map((each) => moved(each, shift));
    return { binding: this.binding, action, failure: null, reason: null, findings: told };
  }

  private failed(error: unknown): HookWord {
    const failure = error instanceof HookUnavailable ? error.why : 'failed';
    return this.word(failure, error instanceof HookFailed ? error.message : null);
  }

  private word(failure: HookFailure, reason: string | null): HookWord {
    const action = this.binding.onFailure === 'closed' ? 'block' : 'pass';
    return { binding: this.binding, action, findings: [], failure, reason };
  }

  private await(
    answer: Promise<Verdict>,
    controller: AbortController,
    heard: (verdict: Verdict) => HookWord | null,
  ): Promise<HookWord | null> {
    return new Promise((resolve) => {
      const callOff = this.startTimer(this.binding.deadlineMs, () => {
        resolve(this.word('late', null));
        controller.abort();
      });
      answer
        .then((verdict) => (controller.signal.aborted ? null : heard(verdict)))
        .then(resolve, (error: unknown) => resolve(this.failed(error)))
        .finally(callOff);
    });
  }
}

interface Shown {
  readonly content: Content;
  /** Where in the stream that begins which the hook has not seen before. */
  readonly newFrom: number;
}

/** A span that begins before the piece is the piece's from its beginning. */
function moved({ category, score, span }: Finding, by: number): Finding {
  if (span === null) return { category, score, span };
  return { category, score, span: { start: Math.max(0, span.start + by), end: Math.max(0, span.end + by) } };
}
