// Step 5: opens the upstream and waits for its first event, because OpenAI refuses a bad key or model only after its
// 101. Joins the provider's knowledge (what to send, what an answer means) with realtime's sockets.
import { err, ok, type Result } from '@trunkline/kernel';
import type { Wire } from '@trunkline/realtime';
import { readFirstMessage, type Dialler } from '@trunkline/realtime/adapters/net';
import type { RouteRequest } from '@trunkline/providers';
import {
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
}

/** Deadlines in milliseconds. `signal` fires when the client went away. */
export interface DialLimits {
  readonly dialler: Dialler;
  readonly connectMsMax: number;
  readonly firstEventMsMax: number;
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
  const { wire, head } = dialled.value;
  const answer = await readFirstMessage(wire, head, {
    deadlineMs: limits.firstEventMsMax,
    bytesMax: FIRST_EVENT_BYTES_MAX,
  });
  const refusal = answer.ok
    ? answer.value.first.kind === 'message'
      ? refusalOfFirstEvent(answer.value.first.payload)
      : refusalOfEarlyClose(answer.value.first.close.code)
    : refusalOfDial({ kind: answer.error === 'timeout' ? 'timeout' : 'bad_upgrade' });
  if (answer.ok && refusal === null) return ok({ wire, head: answer.value.rawBytes });
  wire.destroy();
  return failed(refusal ?? refusalOfDial({ kind: 'bad_upgrade' }), answer.ok ? 'refused by first event' : answer.error);
}
