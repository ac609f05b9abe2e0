// One call, from the upgrade request to its settlement. This file reads top to bottom as the picture "One session" of
// ARCHITECTURE.md: each step is one call into its library, a refusal before the 101 is a real HTTP status, and after it
// the session ends with exactly one cause. Start here.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { err, ok, type Refusal, type Result, type SessionId } from '@trunkline/kernel';
import { parseHandshake, type Handshake } from '@trunkline/realtime';
import { acceptUpgrade, clientGone, refuseUpgrade } from '@trunkline/realtime/adapters/net';
import { route, type RouteRequest } from '@trunkline/providers';
import { isRealtimeModel } from '@trunkline/providers/adapters/openai';
import {
  endUserRefusal,
  hasScope,
  mayUseModel,
  SCOPE_REFUSALS,
  secretMismatch,
  type ClientSecret,
  type Principal,
} from '@trunkline/tenancy';
import { abandon } from './abandon.js';
import { admitAndDial } from './admit-and-dial.js';
import type { Caller, JudgedCall } from './call-review.js';
import type { Presented } from './credentials.js';
import { endUserOf } from './end-user.js';
import { MINT_ANOTHER, SecretBeginning } from './gate/secret-beginning.js';
import type { GatewayParts } from './gateway-parts.js';
import { LimitsSeen } from './limit-headers.js';
import { openSession, type AdmittedCall } from './open-session.js';
import { reconnectGraceMs } from './reconnect-grace.js';
import { estimateOwed, forgetSession, keep } from './session-over.js';
import { settle } from './settle.js';
import { waitOf } from './wait-terms.js';

/** Serves one upgrade request to its end. Never rejects: whatever goes wrong has been answered and settled. */
export async function upgrade(
  parts: GatewayParts,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<void> {
  const sessionId = parts.mintSessionId();
  // A stop waits for calls that are still on their way in: each becomes a session, or is told that it does not.
  const arrived = parts.live.arrives();
  let running: Promise<void> | null = null;
  try {
    const call = await admitOrRefuse(parts, request, { sessionId, socket });
    if (call)
      running = accept(parts, call, { request, socket, head }).catch((error: unknown) =>
        abandon(parts, call, { socket, error }),
      );
  } finally {
    arrived();
  }
  await running;
}

interface ConnectedCall extends AdmittedCall {
  readonly limitHeaders: Readonly<Record<string, string>>;
}

async function admitOrRefuse(
  parts: GatewayParts,
  request: IncomingMessage,
  { sessionId, socket }: { readonly sessionId: SessionId; readonly socket: Duplex },
): Promise<ConnectedCall | null> {
  const startedMs = parts.clock.monotonicMs();
  const seen = new LimitsSeen();
  const gone = clientGone(socket);
  const call = await connect(parts, request, { sessionId, gone, seen }).catch((error: unknown) => {
    parts.log.error(
      { event: 'handshake_failed', session_id: sessionId, err: error },
      'a handshake failed unexpectedly',
    );
    return err<Refusal>({ code: 'internal_error', message: 'The gateway failed to open the session. Try again.' });
  });
  parts.metrics.answered(call.ok ? null : call.error.code, (parts.clock.monotonicMs() - startedMs) / 1000);
  if (call.ok) return { ...call.value, limitHeaders: headersOf(parts, seen) };
  parts.log.info({ event: 'session_refused', session_id: sessionId, code: call.error.code }, 'session refused');
  refuseUpgrade(socket, call.error, { 'x-request-id': sessionId, ...headersOf(parts, seen) });
  return null;
}

/** Sends the 101; the session is live when this returns, and settled when its promise resolves. */
async function accept(
  parts: GatewayParts,
  call: ConnectedCall,
  { request, socket, head }: { readonly request: IncomingMessage; readonly socket: Duplex; readonly head: Buffer },
): Promise<void> {
  const client = acceptUpgrade(request, socket, head, {
    wires: parts.wires,
    subprotocol: call.handshake.selectedSubprotocol,
    headers: {
      'x-request-id': call.sessionId,
      'x-trunkline-session-id': call.sessionId,
      ...call.limitHeaders,
    },
  });
  return runAndSettle(parts, call, client); // 7, 8
}

/** Steps 1 to 6: everything that can still be refused with an HTTP status. */
async function connect(
  parts: GatewayParts,
  request: IncomingMessage,
  { sessionId, gone, seen }: Arrival,
): Promise<Result<AdmittedCall, Refusal>> {
  const parsed = parseHandshake(request); // 1
  if (!parsed.ok) return parsed;
  const presented = await parts.credentials.read(parsed.value.credential.key);
  if (!presented.ok) return presented;
  const asked = askedWith(presented.value, parsed.value);
  if (!asked.ok) return asked;
  const handshake = asked.value;
  const wanted = routeRequest(handshake);
  if (!wanted.ok) return wanted;
  const judge = () => judgeCall(parts, { handshake, presented: presented.value, wanted: wanted.value, seen }); // 2, 3
  const call = { sessionId, handshake, wanted: wanted.value, judge, ready: NOTHING_TO_JUDGE, gone, told: seen.told };
  if (presented.value.kind !== 'secret') return admitAndDial(parts, call); // 4, 5, 6
  const ofSecret = { ...call, ...judgedBeginning(parts, call, presented.value.secret) };
  const unfit = await ofSecret.ready();
  if (unfit) return err(unfit);
  // Who may not come in spends no use of a secret.
  const judged = ofSecret.judge();
  return judged.ok ? parts.credentials.using(presented.value, () => admitAndDial(parts, ofSecret)) : judged;
}

const NOTHING_TO_JUDGE = (): Promise<null> => Promise.resolve(null);

/** The same call, let in only by the policy that judged what its secret says to the model. Who may not come in is asked nothing. */
function judgedBeginning(
  parts: GatewayParts,
  { sessionId, handshake, judge }: Pick<Caller, 'sessionId' | 'handshake' | 'judge'>,
  secret: ClientSecret,
): Pick<Caller, 'judge' | 'ready'> {
  const beginning = new SecretBeginning(parts, secret);
  return {
    judge: () => (beginning.isJudged ? judge() : err(MINT_ANOTHER)),
    ready: async () => {
      if (beginning.isJudged) return null;
      const judged = judge();
      if (!judged.ok) return judged.error;
      const { principal, pools } = judged.value;
      const [pool] = pools;
      if (pool === undefined) throw new Error('a call that is let in has a pool');
      const endUser = endUserOf(parts, principal, handshake);
      return beginning.judge({ sessionId, endUser, poolId: pool.id });
    },
  };
}

interface Arrival {
  readonly sessionId: SessionId;
  /** Fires when the client went away. */
  readonly gone: AbortSignal;
  readonly seen: LimitsSeen;
}

function headersOf(parts: GatewayParts, seen: LimitsSeen): Record<string, string> {
  return seen.headers((tenantId) => parts.budgets.tokens(tenantId));
}

interface AskedCall {
  readonly handshake: Handshake;
  readonly presented: Presented;
  readonly wanted: RouteRequest;
  readonly seen: LimitsSeen;
}

/** What a handshake asks for, with what its credential says for it: a client secret is for one model. */
function askedWith(presented: Presented, handshake: Handshake): Result<Handshake, Refusal> {
  if (presented.kind !== 'secret') return ok(handshake);
  const { secret } = presented;
  const mismatch = secretMismatch(secret, handshake);
  if (mismatch) return err(mismatch);
  const isRealtime = secret.kind === 'realtime';
  return ok({ ...handshake, model: isRealtime ? secret.model : null, intent: isRealtime ? null : 'transcription' });
}

/** Steps 2 and 3, by the policy in force: asked again when it changes before the call is open. */
function judgeCall(
  parts: GatewayParts,
  { handshake, presented, wanted, seen }: AskedCall,
): Result<JudgedCall, Refusal> {
  const policy = parts.policy();
  const principal = parts.credentials.judge(presented, handshake.origin, policy); // 2
  if (!principal.ok) return principal;
  seen.by(principal.value);
  if (!hasScope(principal.value, 'sessions')) return err(SCOPE_REFUSALS.sessions);
  const endUser = endUserOf(parts, principal.value, handshake);
  const refused = endUserRefusal(principal.value, endUser, { snapshot: policy, nowMs: parts.clock.nowMs() });
  if (refused) return err(refused);
  const closed = parts.closedToNewSessions();
  if (closed) return err(closed);
  const offered = (model: string) => isRealtimeModel(model);
  const usable = mayUse(principal.value, wanted) ? [...policy.pools.values()] : [];
  const pools = route(wanted, usable, offered); // 3
  if (!pools.ok) return pools;
  const waitMs = waitOf(handshake, principal.value);
  if (!waitMs.ok) return waitMs;
  // Asked for while a line is: it costs no time of its own.
  const budget = parts.budgets.refusal(principal.value.tenantId);
  return ok({ principal: principal.value, policy, pools: pools.value, waitMs: waitMs.value, budget });
}

/** Steps 7 and 8. */
async function runAndSettle(
  parts: GatewayParts,
  call: AdmittedCall,
  client: ReturnType<typeof acceptUpgrade>,
): Promise<void> {
  const startedMs = parts.clock.monotonicMs();
  const openMs = () => Math.round(parts.clock.monotonicMs() - startedMs);
  const live = openSession(parts, call, client);
  live.relay.start();
  const ended = await live.relay.ended;
  const closed = await settle(live, ended, {
    ...parts.deadlines,
    line: call.line,
    nowMs: parts.clock.nowMs,
    openMs,
    lineEnds: () => parts.lineEnds(call.lease),
    releaseLease: () => parts.releaseLease(call.lease, reconnectGraceMs(ended.cause, openMs(), live.principal.limits)),
    estimateOwed: () => estimateOwed(parts, live),
    journalClosed: (session) => keep(parts, { kind: 'session_closed', session }),
    stepFailed: (step, error) =>
      parts.log.error(
        { event: 'settle_step_failed', session_id: live.id, step, err: error },
        'a settlement step failed',
      ),
  });
  forgetSession(parts, live);
  parts.metrics.sessionEnded(live, closed);
  const { endCause: end_cause, closeCode: close_code, durationMs: duration_ms } = closed;
  const who = { session_id: live.id, tenant_id: live.tenantId, detail: ended.detail ?? undefined };
  const fields = { event: 'session_ended', ...who, end_cause, close_code, duration_ms };
  if (end_cause === 'internal_error') parts.log.error(fields, 'a session was ended by a fault of the gateway');
  else parts.log.info(fields, 'session ended');
  const owed = live.observer.reportsOwed();
  if (owed === 0) return;
  parts.metrics.usageMissing(owed);
  parts.log.warn({ event: 'usage_missing', ...who, count: owed }, 'the upstream never reported some usage: estimated');
}

function mayUse(principal: Principal, wanted: RouteRequest): boolean {
  // Which model transcribes is said inside the session, where nobody checks it: a list must allow transcription at all.
  if (wanted.kind === 'transcription') return mayUseModel(principal, 'transcription');
  return wanted.model === null || mayUseModel(principal, wanted.model);
}

function routeRequest(handshake: Handshake): Result<RouteRequest, Refusal> {
  if (handshake.path !== '/v1/realtime') {
    return err({
      code: 'not_found',
      message: 'There is no WebSocket here. Connect to /v1/realtime?model=gpt-realtime.',
    });
  }
  if (handshake.dialect === 'beta') {
    return err({
      code: 'beta_api_shape_disabled',
      message:
        'The Realtime beta dialect is not served. Remove the OpenAI-Beta header (or the openai-beta.realtime-v1 subprotocol) and use the GA API.',
    });
  }
  if (handshake.callId !== null) {
    return err({ code: 'not_found', message: 'No session found for the provided call_id.', param: 'call_id' });
  }
  if (handshake.intent === null) return ok({ kind: 'conversation', model: handshake.model });
  if (handshake.intent === 'transcription') return ok({ kind: 'transcription' });
  return err({ code: 'invalid_request', message: 'The only supported intent is `transcription`.', param: 'intent' });
}
