// Judges what a client secret's session says to the model: it is sent before there is a session with a gate. Judged when the
// secret is minted, and again when a session begins if another version of the policy is in force by then (ADR 128).
import { err, ok, type PoolId, type Refusal, type Result } from '@trunkline/kernel';
import { stopsContent } from '@trunkline/moderation';
import { beginningUpdate, OpenAiContentReader, settingsOfBeginning } from '@trunkline/providers/adapters/openai';
import type { SessionSettings } from '@trunkline/tenancy';
import type { GatewayParts } from '../gateway-parts.js';
import { Excerpts } from './excerpts.js';
import type { FindingContext } from './finding-journal.js';
import { findingsOf } from './findings-of.js';
import { FindingSink } from './finding-sink.js';
import type { GateFinding, GatePolicy } from './gate-ports.js';
import { startTimer } from './open-gate.js';
import { PolicyHooks, type PolicyHooksPorts } from './policy-hooks.js';

/** Who is to have such a session. */
export interface BeginningOf extends FindingContext {
  /** Whose account hooks that ask the vendor ask with. */
  readonly poolId: PoolId;
}

/** What a session may begin with. */
export interface JudgedBeginning {
  /** Without what was redacted. */
  readonly settings: SessionSettings;
  readonly isChanged: boolean;
  /** The version of the policy; null: there is none. */
  readonly judgedBy: number | null;
}

/** Of the session that there is not yet. */
export interface BeginningPorts extends PolicyHooksPorts {
  readonly found: (findings: readonly GateFinding[], by: GatePolicy) => void;
  /** Dry runs are under way, for which nobody waits. @param told when they have said what they found. */
  readonly dryRunning: (told: Promise<void>) => void;
}

/** Judges by the tenant's policy in force, if there is one. Takes as long as its hooks may, never rejects. */
export async function judgeBeginning(
  parts: GatewayParts,
  of: BeginningOf,
  settings: SessionSettings,
): Promise<Result<JudgedBeginning, Refusal>> {
  const by = parts.gates.of(of.tenantId);
  if (by === null) return ok({ settings, isChanged: false, judgedBy: null });
  const sink = new FindingSink(parts, of);
  const { tenantId, sessionId } = of;
  return parts.unopened.during(of, (leaves) =>
    judgeSettings(by, settings, {
      context: { tenantId, sessionId },
      startTimer,
      passed: (binding) => parts.metrics.passed(binding),
      found: (findings, its) => sink.found(findings, its),
      dryRunning: leaves,
    }),
  );
}

/** Judges by one policy. */
export async function judgeSettings(
  by: GatePolicy,
  settings: SessionSettings,
  ports: BeginningPorts,
): Promise<Result<JudgedBeginning, Refusal>> {
  const event = new OpenAiContentReader().read('client', Buffer.from(beginningUpdate(settings)));
  const asItCame = { settings, isChanged: false, judgedBy: by.version };
  if (event === null) return ok(asItCame);
  const excerpts = by.policy.content === null ? null : new Excerpts();
  excerpts?.passed(event.places);
  const hooks = new PolicyHooks(by.bindings, ports);
  let told = (): void => undefined;
  if (hooks.hasDryRuns) ports.dryRunning(new Promise<void>((resolve) => (told = resolve)));
  const judged = await hooks.judge(event, (dry) => {
    told();
    ports.found(findingsOf(dry, excerpts), by);
  });
  ports.found(findingsOf(judged, excerpts), by);
  if (stopsContent(judged.action)) return err(BLOCKED);
  if (judged.action !== 'redact') return ok(asItCame);
  return ok({ ...asItCame, settings: { ...settings, ...settingsOfBeginning(event.payload()) }, isChanged: true });
}

const BLOCKED: Refusal = {
  code: 'content_blocked',
  message:
    "What the client secret's session says to the model is not allowed by your tenant's moderation policy, or could not be judged by it.",
  param: 'session',
};
