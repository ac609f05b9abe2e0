// Tenants' moderation policies, ready for use: each version's hooks are made once and shared by all sessions. A policy that
// this release cannot read, or whose hooks it cannot make, lets nothing through, neither what an app sends (audio included)
// nor what a model says: a session must not run ungated because a newer release wrote its rules.
import type { TenantId } from '@trunkline/kernel';
import {
  CONTENT_KINDS,
  isContentKind,
  parseModerationPolicy,
  type HookBinding,
  type ModerationHook,
} from '@trunkline/moderation';
import { bindingsOf, type HookParts } from '@trunkline/moderation/adapters/rules';
import type { Log } from '@trunkline/platform/logging';
import type { PolicySnapshot, StoredModerationPolicy } from '@trunkline/tenancy';
import type { GatePolicy } from './gate-ports.js';

/** One for each tenant that has a policy, and one for those that were read before. */
export class GatePolicies {
  private readonly made = new Map<TenantId, { readonly stored: StoredModerationPolicy; readonly gate: GatePolicy }>();

  constructor(
    private readonly snapshot: () => PolicySnapshot,
    private readonly log: Log,
    /** What a tenant's hooks are made with. */
    private readonly partsFor: (tenantId: TenantId) => HookParts,
  ) {}

  /** The tenant's policy in force; null: nothing of its sessions is judged. */
  of(tenantId: TenantId): GatePolicy | null {
    const stored = this.snapshot().moderationOf(tenantId);
    if (stored === null) return null;
    const made = this.made.get(tenantId);
    if (made?.stored === stored) return made.gate;
    // Another snapshot with the same version: the sessions keep what they have.
    const gate = made?.stored.version === stored.version ? made.gate : this.make(stored);
    this.made.set(tenantId, { stored, gate });
    return gate;
  }

  private make({ tenantId, version, policy }: StoredModerationPolicy): GatePolicy {
    const parsed = parseModerationPolicy(policy);
    const bindings = parsed.ok ? bindingsOf(parsed.value, this.partsFor(tenantId)) : parsed;
    if (parsed.ok && bindings.ok) return { version, policy: parsed.value, bindings: bindings.value };
    const problems = bindings.ok ? [] : bindings.error;
    this.log.error(
      { event: 'moderation_policy_unreadable', tenant_id: tenantId, count: version, reason: problems.join('; ') },
      'a moderation policy cannot be read by this release: nothing of its tenant goes through',
    );
    return { ...CLOSED, version };
  }
}

const NEVER: ModerationHook = {
  kinds: Object.keys(CONTENT_KINDS).filter(isContentKind),
  lookBack: 0,
  cadence: 'piece',
  inspect: () => ({ action: 'block', findings: [] }),
};
const NEVER_BOUND: HookBinding = {
  name: 'unreadable',
  type: 'unreadable',
  hook: NEVER,
  kinds: NEVER.kinds,
  deadlineMs: 1,
  onFailure: 'closed',
  categories: {},
  otherwise: { atLeast: 0, action: 'block' },
  dryRun: false,
};
const CLOSED: Omit<GatePolicy, 'version'> = {
  policy: {
    version: 1,
    hooks: [],
    output: { holdBackMs: 0, refusal: null },
    // Nothing reaches a hook that could use it.
    input: {
      holdAnswers: false,
      onFailure: 'closed',
      deadlineMs: 1_000,
      refusal: null,
      transcription: { turnOn: false, model: null, language: null },
    },
    disclosure: { instruction: null, spokenLine: null },
    content: null,
    actions: [],
    notify: null,
    strikes: null,
    blocksMax: null,
  },
  bindings: [NEVER_BOUND],
  isShut: true,
};
