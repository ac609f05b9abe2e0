import { CLOSE_REASON_BYTES_MAX, NO_STATUS, isSendableCloseCode } from './close-code.js';
import { END_CAUSES, closeForClient, endCauseEntry, endError, type EndCause, type EndedBy } from './end-cause.js';

const causes = Object.keys(END_CAUSES).filter((name): name is EndCause => name in END_CAUSES);
const ended = (cause: EndCause, peerClose: EndedBy['peerClose'] = null): EndedBy => ({
  cause,
  peerClose,
  detail: null,
  atMs: 0,
});

describe('the end-cause table', () => {
  it('keeps its published close codes', () => {
    const codes = Object.fromEntries(causes.map((cause) => [cause, endCauseEntry(cause).close]));
    expect(codes).toEqual({
      client_closed: 'echo',
      client_lost: 'none',
      client_protocol_error: 1002,
      message_too_large: 1009,
      slow_client: 4120,
      idle_timeout: 4121,
      max_duration: 4122,
      upstream_closed: 'forward',
      upstream_lost: 4110,
      upstream_expired: 1001,
      upstream_protocol_error: 4113,
      slow_upstream: 4112,
      key_revoked: 4500,
      tenant_suspended: 4501,
      turns_denied: 4124,
      ended_by_admin: 4502,
      line_reclaimed: 4123,
      budget_exceeded: 4503,
      moderation: 4504,
      lease_lost: 4102,
      metering_unavailable: 4103,
      gateway_lost: 'none',
      draining: 4101,
      internal_error: 4100,
    });
  });

  it('gives each of our own codes to one cause only', () => {
    const ours = causes.map((cause) => closeForClient(ended(cause))?.code).filter((code) => code && code >= 4000);
    expect(new Set(ours).size).toBe(ours.length);
  });

  it.each(causes)('%s: its code says in its range whether to try again', (cause) => {
    const { retryable } = endCauseEntry(cause);
    const close = closeForClient(ended(cause));
    if (close === null || close.code < 4000) return;
    expect(close.code >= 4000 && close.code <= 4499).toBe(retryable);
    expect(close.code <= 4999).toBe(true);
  });

  it.each(causes)('%s: what is sent to the client is a valid close frame', (cause) => {
    const close = closeForClient(ended(cause));
    if (close === null) return expect(['client_lost', 'gateway_lost']).toContain(cause);
    expect(close.code === NO_STATUS || isSendableCloseCode(close.code)).toBe(true);
    expect(Buffer.byteLength(close.reason)).toBeLessThanOrEqual(CLOSE_REASON_BYTES_MAX);
  });

  it.each(causes)('%s: the metric label is its name, and an error event says what to do', (cause) => {
    expect(endCauseEntry(cause).label).toBe(cause);
    const error = endError(cause);
    if (error !== null) expect(error.message).toMatch(/Connect again|administrator/);
  });

  it.each(causes)('%s: an error event says after how many seconds to try again, unless that cannot help', (cause) => {
    const error = endError(cause);
    if (error === null) return;
    expect(error.retry_after !== undefined).toBe(endCauseEntry(cause).retryable);
    expect(Number.isInteger(error.retry_after ?? 0)).toBe(true);
  });

  it('forwards the close of the upstream when it may be sent, and uses ours when it may not', () => {
    const theirs = { code: 4004, reason: 'invalid_request_error.model_not_found' };
    expect(closeForClient(ended('upstream_closed', theirs))).toEqual(theirs);
    for (const code of [1005, 1006, 1015, 999]) {
      expect(closeForClient(ended('upstream_closed', { code, reason: '' }))?.code).toBe(4111);
    }
    expect(closeForClient(ended('upstream_closed'))?.code).toBe(4111);
  });

  it('keeps the words of an upstream that expired', () => {
    const reason = 'Your session hit the maximum duration of 60 minutes.';
    expect(closeForClient(ended('upstream_expired', { code: 1001, reason }))).toEqual({ code: 1001, reason });
  });

  it('answers a client that closed with its own code', () => {
    expect(closeForClient(ended('client_closed', { code: 3001, reason: 'bye' }))).toEqual({ code: 3001, reason: '' });
    expect(closeForClient(ended('client_closed', { code: NO_STATUS, reason: '' }))?.code).toBe(NO_STATUS);
  });
});
