// The gate of one session: judges what passes between an app and the model, and acts on the verdicts. Assumes no socket:
// it is given events of both directions, says what becomes of each, and has a few words to say to both sides, so that a
// call that is seen through a sideband is gated alike (there, nothing can be kept back, only stopped). Never rejects.
// Leaves to others: how output waits and is stopped (`SaidOutput`), what is done in the session's name (`SessionConduct`).
import { stopsContent, type ContentKind } from '@trunkline/moderation';
import type { GatedEvent } from '@trunkline/providers';
import { plainEvent, questionOf, typeOf } from '@trunkline/providers/adapters/openai';
import { Excerpts } from './excerpts.js';
import { findingsOf } from './findings-of.js';
import type { BlockedThing, GatePolicy, GatePorts, GateVerdict } from './gate-ports.js';
import type { Unjudged } from './held-answers.js';
import { asSaid, type JudgedEvent } from './judge-event.js';
import { PolicyHooks } from './policy-hooks.js';
import { OUTPUT_MARKS, SaidOutput } from './said-output.js';
import { SessionConduct } from './session-conduct.js';
import { VerdictCounts } from './verdict-counts.js';

const APPEND = 'input_audio_buffer.append';
// What an answer says, the words that it answers, and what services bring into it: verdicts about the rest come before it begins.
const STOPS_OUTPUT: readonly ContentKind[] = [
  'output_text',
  'tool_arguments',
  'input_transcript',
  'tool_result',
  'image',
];

/** The gate of one session. */
export class GateSession {
  private gate: GatePolicy;
  private hooks: PolicyHooks;
  private readonly output: SaidOutput;
  private readonly conduct: SessionConduct;
  private readonly counts = new VerdictCounts();
  private blocks = 0;
  private excerpts: Excerpts | null = null;
  /** The app was told that its audio goes nowhere. */
  private isDeaf = false;

  /** @param current the policy in force; asked for each message, and followed when it is another. */
  constructor(
    private readonly current: () => GatePolicy,
    private readonly ports: GatePorts,
  ) {
    this.gate = current();
    this.hooks = this.hooksOf(this.gate);
    this.output = new SaidOutput({ ...ports, policy: () => this.gate, isJudged: () => this.canStopOutput });
    this.conduct = new SessionConduct(() => this.gate.policy, {
      ...ports,
      refuse: (eventId) => ports.tellBlocked('question', eventId),
      stopAnswer: (responseId, refusal) => this.output.block(responseId, { itemId: null, refusal }),
      unjudged: (itemId, why, isBlocked) => this.unjudged(itemId, why, isBlocked),
    });
    this.conduct.follow(this.hooks.enforced);
  }

  /** The session was under way before it had a gate. To be called once both directions are shown to the gate. */
  join(): void {
    this.conduct.join();
  }

  /** Whether the gate must see messages of this type; `note`: only that one went by. */
  interest(from: 'client' | 'upstream', type: string): 'pass' | 'note' | 'hold' {
    this.follow();
    if (from === 'client' && this.gate.isShut) return 'hold';
    if (this.ports.reader.carries(from, type, this.hooks.shown)) return 'hold';
    if (from === 'client') {
      const conducts = this.conduct.clientInterest(type);
      return conducts === 'pass' ? this.output.clientInterest(type) : conducts;
    }
    if (this.conduct.isInterestedIn(type)) return 'hold';
    if (type === 'unknown' || (this.judgesOutput && OUTPUT_MARKS.has(type))) return 'hold';
    return this.output.interest(type);
  }

  /** A message went by that the gate only notes. @param bytes its size. */
  noted(type: string, bytes: number): void {
    if (!this.output.noted(type, bytes)) this.conduct.noted(type);
  }

  /** What an app sends. */
  fromClient(type: string, payload: Buffer): GateVerdict | Promise<GateVerdict> {
    const plain = plainEvent(payload);
    const isSure = type !== 'unknown' && plain === payload;
    const verdict = this.letPlain(isSure ? type : (typeOf(plain) ?? 'unknown'), plain);
    const whole = (given: GateVerdict): GateVerdict =>
      given === 'forward' && plain !== payload ? { replace: plain } : given;
    return verdict instanceof Promise ? verdict.then(whole) : whole(verdict);
  }

  /** @param payload what nobody can read in another way than it is judged. */
  private letPlain(type: string, payload: Buffer): GateVerdict | Promise<GateVerdict> {
    if (this.gate.isShut) return this.refuse(type, payload);
    if (this.conduct.mustWait(type)) return this.conduct.untilFree().then(() => this.letPlain(type, payload));
    if (this.blocksUnheard(type, payload)) return 'drop';
    const event = this.ports.reader.read('client', payload);
    if (event === null) return this.letGo(type, payload, 'forward');
    this.remember(event);
    const by = this.gate;
    const judged = this.hooks.judge(event, (dry) => this.tell(dry, by));
    if (!(judged instanceof Promise)) return this.letGo(type, payload, this.letIn(judged, by));
    return judged.then((each) => this.letGo(type, payload, this.letIn(each, by)));
  }

  /** What the model says, and what it heard. @param payload what the app would get. */
  fromUpstream(sniffed: string, payload: Buffer): GateVerdict | Promise<GateVerdict> {
    const type = sniffed === 'unknown' ? (typeOf(payload) ?? sniffed) : sniffed;
    this.output.comes(type, payload);
    const event = this.ports.reader.read('upstream', payload);
    if (event !== null) {
      this.remember(event);
      this.judgeSaid(event);
    }
    const shown = this.conduct.fromUpstream(type, payload);
    if (shown === null) return 'drop';
    const verdict = this.output.letOut(type, shown);
    return verdict === 'forward' && shown !== payload ? { replace: shown } : verdict;
  }

  /** How many pieces were judged so far, with which verdicts. */
  get verdicts(): VerdictCounts['all'] {
    return this.counts.all;
  }

  /** Whether what is committed now is transcribed for the policy's sake alone. */
  get transcribesForPolicy(): boolean {
    return this.conduct.transcribesForPolicy;
  }

  /**
   * The session is over. What is held back goes if its response has ended and all of it was judged and may be heard; nothing
   * of what is said after that. Verdicts that are under way are waited for, no longer than `LAST_VERDICTS_MS_MAX`.
   * @param isHeard whether anybody is there to hear it. @returns resolves when nothing is held back any more.
   */
  async close(isHeard: boolean): Promise<void> {
    this.conduct.close();
    await this.output.close(isHeard);
  }

  private follow(): void {
    const current = this.current();
    if (current === this.gate) return;
    this.gate = current;
    this.hooks = this.hooksOf(current);
    this.conduct.follow(this.hooks.enforced);
  }

  private hooksOf({ bindings }: GatePolicy): PolicyHooks {
    const passed: GatePorts['passed'] = (binding) => {
      this.counts.add(binding, 'pass');
      this.ports.passed(binding);
    };
    return new PolicyHooks(bindings, { ...this.ports, passed });
  }

  private get canStopOutput(): boolean {
    return STOPS_OUTPUT.some((kind) => this.hooks.enforced.has(kind));
  }

  private get judgesOutput(): boolean {
    return this.hooks.enforced.has('output_text') || this.hooks.enforced.has('tool_arguments');
  }

  /** Audio comes in many messages a second: one of them is told for all. */
  private refuse(type: string, payload: Buffer): GateVerdict {
    const isAudio = type === APPEND;
    if (!isAudio || !this.isDeaf) this.ports.tellBlocked('client', questionOf(payload));
    this.isDeaf ||= isAudio;
    return 'drop';
  }

  private letIn(judged: JudgedEvent, by: GatePolicy): GateVerdict {
    this.tell(judged, by);
    if (stopsContent(judged.action)) {
      this.blocked('client', judged.event.eventId, judged.action === 'end');
      return 'drop';
    }
    return judged.action === 'redact' ? { replace: judged.event.payload() } : 'forward';
  }

  /** What may go upstream, as the policy sends it there. */
  private letGo(type: string, payload: Buffer, verdict: GateVerdict): GateVerdict {
    if (verdict === 'drop') return verdict;
    const judged = verdict === 'forward' ? payload : verdict.replace;
    const upstream = this.conduct.fromClient(type, judged);
    if (upstream === null) return 'drop';
    this.output.fromClient(type, upstream);
    return upstream === payload ? 'forward' : { replace: upstream };
  }

  /**
   * With a hold-back the message waits its time, and for the verdicts of hooks that fail closed; without one, only calls of
   * tools wait for those: what is said goes on at once, and a verdict that comes later stops what follows. Answers to a
   * caller's words wait, if the policy says so.
   */
  private judgeSaid(event: GatedEvent): void {
    const words = event.responseId === null ? event.itemId : null;
    if (words !== null) this.conduct.judging(words);
    const by = this.gate;
    const judged = this.hooks.judge(event, (dry) => this.tell(asSaid(dry), by));
    if (!(judged instanceof Promise)) return this.act(asSaid(judged), by);
    const { responseId } = event;
    const given = responseId === null ? null : this.output.judging(responseId, this.hooks.failClosed(event));
    void judged.then((each) => {
      this.act(asSaid(each), by);
      given?.();
    });
  }

  /** Audio of which no transcript will come: where answers wait for one, the policy's failure rule decides at once; else it is only told. */
  private blocksUnheard(type: string, payload: Buffer): boolean {
    const unheard = this.conduct.unheard(type, payload);
    if (unheard === null) return false;
    const isBlocked = unheard.isWaitedFor && this.gate.policy.input.onFailure === 'closed';
    this.ports.unjudged({ itemId: unheard.itemId, why: 'not_transcribed', isBlocked }, this.gate);
    if (isBlocked) this.blocked('unheard', unheard.eventId, false);
    return isBlocked;
  }

  /** @param by the policy that was asked; another may be in force by now. */
  private act(judged: JudgedEvent, by: GatePolicy): void {
    this.tell(judged, by);
    const { action, event } = judged;
    // A verdict for a session that is over is told, and nothing else, unless what it is about can still be kept back.
    if (this.output.isOver) return;
    const { responseId, itemId } = event;
    if (action === 'pass' || action === 'flag') {
      if (responseId === null && itemId !== null) this.conduct.passed(itemId);
      return;
    }
    if (responseId !== null) {
      if (!this.output.block(responseId, { itemId, refusal: this.gate.policy.output.refusal })) return;
    } else if (itemId !== null && !this.conduct.block(itemId)) return;
    this.blocked('upstream', responseId ?? itemId, action === 'end');
  }

  private remember({ places }: GatedEvent): void {
    if (this.gate.policy.content === null) this.excerpts = null;
    else (this.excerpts ??= new Excerpts()).passed(places);
  }

  private tell(judged: JudgedEvent, by: GatePolicy): void {
    for (const { word } of judged.heard) this.counts.add(word.binding, word.failure ?? word.action);
    if (judged.heard.length > 0) this.ports.found(findingsOf(judged, this.excerpts), by);
  }

  private unjudged(itemId: string, why: Unjudged, isBlocked: boolean): void {
    this.ports.unjudged({ itemId, why, isBlocked }, this.gate);
    if (isBlocked && this.conduct.block(itemId)) this.blocked('unjudged', itemId, false);
  }

  private blocked(what: BlockedThing, about: string | null, mustEnd: boolean): void {
    this.blocks += 1;
    this.ports.tellBlocked(what, about);
    const { blocksMax } = this.gate.policy;
    if (mustEnd || (blocksMax !== null && this.blocks >= blocksMax)) this.ports.end();
  }
}
