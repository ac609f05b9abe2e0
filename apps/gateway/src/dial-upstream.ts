// Step 5: opens the upstream and waits for its first event, because OpenAI refuses a bad key or model only after its
// 101. Joins the provider's knowledge (what to send, what an answer means) with realtime's sockets.
import { err, ok, type Result } from '@trunkline/kernel';
import type { Wire } from '@trunkline/realtime';
import {
  readFirstMessage,
  sayAsClient,
  serverMessage,
  type Dialler,
  type FirstMessageFailure,
} from '@trunkline/realtime/adapters/net';
import type { RouteRequest } from '@trunkline/providers';
import {
  answersBeginning,
  beginningUpdate,
  begunSession,
  dialTarget,
  refusalOfDial,
  refusalOfEarlyClose,
  refusalOfFirstEvent,
  type DialRefusal,
  type OpenAiAccount,
} from '@trunkline/providers/adapters/openai';

/** An upstream whose session is open. `head` holds what was read, the first event included. */
export interface OpenUpstream {
  readonly wire: Wire;
  readonly head: Buffer;
}

export interface UpstreamCall {
  readonly account: OpenAiAccount & { readonly ca: string | null };
  readonly request: RouteRequest;
  readonly safetyIdentifier: string | null;
  /** What the session begins with, set before the client gets it; null: the vendor's defaults. */
  readonly beginning: Readonly<Record<string, unknown>> | null;
}

/** Deadlines in milliseconds. `signal` fires when the client went away. */
export interface DialLimits {
  readonly dialler: Dialler;
  readonly connectMsMax: number;
  readonly firstEventMsMax: number;
  /** A fresh random mask. */
  readonly maskKey: () => number;
  readonly signal: AbortSignal;
  /** A try failed, by the refusal's code; for metrics and the log. */
  readonly report: (code: string, detail: string) => void;
}

// `session.created` is a few kilobytes, more with a long prompt configured upstream.
const FIRST_EVENT_BYTES_MAX = 1024 * 1024;

/** Opens one upstream session, or says why this account cannot take it. Leaves no socket behind on failure. */
export async function dialUpstream(call: UpstreamCall, limits: DialLimits): Promise<Result<OpenUpstream, DialRefusal>> {
  const failed = (refusal: DialRefusal, detail: string): Result<never, DialRefusal> => {
    // A client that hung up says nothing about the upstream.
    if (!limits.signal.aborted) limits.report(refusal.code, detail);
    return err(refusal);
  };
  const target = dialTarget(call.account, call.request, call.safetyIdentifier);
  const dialled = await limits.dialler.dial({
    ...target,
    ...(call.account.ca === null ? {} : { ca: call.account.ca }),
    connectTimeoutMs: limits.connectMsMax,
    signal: limits.signal,
  });
  if (!dialled.ok) {
    const problem = dialled.error;
    return failed(refusalOfDial(problem), problem.kind === 'http_status' ? `HTTP ${problem.status}` : problem.detail);
  }
  const { wire } = dialled.value;
  const opened = await openedSession(call, dialled.value, limits);
  if (opened.ok) return opened;
  wire.destroy();
  return failed(opened.error.refusal, opened.error.detail);
}

interface Failed {
  readonly refusal: DialRefusal;
  readonly detail: string;
}

async function openedSession(
  { beginning }: UpstreamCall,
  { wire, head }: OpenUpstream,
  { firstEventMsMax, maskKey }: DialLimits,
): Promise<Result<OpenUpstream, Failed>> {
  const startedMs = performance.now();
  const answer = await readFirstMessage(wire, head, { deadlineMs: firstEventMsMax, bytesMax: FIRST_EVENT_BYTES_MAX });
  if (!answer.ok) return err(silent(answer.error));
  const { first, rawBytes } = answer.value;
  const refusal = first.kind === 'message' ? refusalOfFirstEvent(first.payload) : refusalOfEarlyClose(first.close.code);
  if (refusal !== null) return err({ refusal, detail: 'refused by first event' });
  if (beginning === null || first.kind !== 'message') return ok({ wire, head: rawBytes });
  sayAsClient(wire, beginningUpdate(beginning), maskKey());
  // Both answers together stay within the one deadline: a pending line lasts no longer.
  const leftMs = Math.max(1, firstEventMsMax - (performance.now() - startedMs));
  const limits = { deadlineMs: leftMs, bytesMax: FIRST_EVENT_BYTES_MAX, isIt: answersBeginning };
  const begun = await readFirstMessage(wire, rawBytes, limits);
  if (!begun.ok) return err(silent(begun.error));
  if (begun.value.first.kind === 'close')
    return err({ refusal: refusalOfEarlyClose(begun.value.first.close.code), detail: 'closed at its beginning' });
  const shown = begunSession(first.payload, begun.value.first.payload);
  if (!shown.ok) return err({ refusal: shown.error, detail: 'refused its beginning' });
  return ok({ wire, head: Buffer.concat([serverMessage(shown.value), begun.value.restBytes]) });
}

function silent(failure: FirstMessageFailure): Failed {
  return { refusal: refusalOfDial({ kind: failure === 'timeout' ? 'timeout' : 'bad_upgrade' }), detail: failure };
}
