// Calls as the gateway carries them: how they begin, what is relayed, why they end.
import type { ListedLabel, MetricSpec } from './metric-spec.js';
import { REFUSALS, modelFamily } from './shared-labels.js';

const END_CAUSES = [
  'client_closed',
  'client_lost',
  'client_protocol_error',
  'message_too_large',
  'slow_client',
  'idle_timeout',
  'max_duration',
  'upstream_closed',
  'upstream_lost',
  'upstream_expired',
  'upstream_protocol_error',
  'slow_upstream',
  'key_revoked',
  'tenant_suspended',
  'ended_by_admin',
  'line_reclaimed',
  'moderation',
  'budget_exceeded',
  'turns_denied',
  'lease_lost',
  'metering_unavailable',
  'gateway_lost',
  'draining',
  'internal_error',
];

// Seconds. Relay delay needs resolution under a millisecond; a conversation's turn gap is 0.2 to 0.8 s.
const RELAY_DELAY = [0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25];

const CONNECT = [0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10];
const SESSION_DURATION = [5, 15, 30, 60, 120, 300, 600, 1200, 1800, 2700, 3600, 7200];
const transport = { name: 'transport', values: ['websocket'] } as const satisfies ListedLabel;
const direction = { name: 'direction', values: ['from_client', 'from_upstream'] } as const satisfies ListedLabel;

/** Its part of the catalogue. */
export const SESSION_METRICS = {
  sessionsActive: {
    kind: 'gauge',
    name: 'trunkline_sessions_active',
    help: 'Sessions open in this process.',
    labels: [transport, modelFamily],
  },
  sessionDuration: {
    kind: 'histogram',
    name: 'trunkline_session_duration_seconds',
    help: 'How long ended sessions lasted.',
    labels: [transport],
    buckets: SESSION_DURATION,
  },
  sessionEnd: {
    kind: 'counter',
    name: 'trunkline_session_end_total',
    help: 'Ended sessions by their one end cause.',
    labels: [{ name: 'cause', values: END_CAUSES }],
  },
  handshake: {
    kind: 'counter',
    name: 'trunkline_handshake_total',
    help: 'Answered upgrade requests: accepted, or the error code they were refused with.',
    labels: [{ name: 'result', values: ['accepted', ...REFUSALS] }],
  },
  connectDuration: {
    kind: 'histogram',
    name: 'trunkline_connect_duration_seconds',
    help: 'From the upgrade request to its answer, the dial included.',
    labels: [{ name: 'result', values: ['accepted', 'refused'] }],
    buckets: CONNECT,
  },
  relayDelay: {
    kind: 'histogram',
    name: 'trunkline_relay_delay_seconds',
    help: 'Time the relay keeps bytes, sampled (about one chunk in 64).',
    labels: [direction],
    buckets: RELAY_DELAY,
  },
  frames: {
    kind: 'counter',
    name: 'trunkline_frames_total',
    help: 'WebSocket frames read, by their sender; counted when a session ends and every few seconds while it lasts.',
    labels: [direction],
  },
  frameBytes: {
    kind: 'counter',
    name: 'trunkline_frame_bytes_total',
    help: 'Bytes read, frame headers included, by their sender.',
    labels: [direction],
  },
  sendBuffer: {
    kind: 'gauge',
    name: 'trunkline_send_buffer_peak_bytes',
    help: 'The most bytes that one session has had waiting for a slow receiver, over the open sessions.',
    labels: [direction],
  },
} as const satisfies Record<string, MetricSpec>;
