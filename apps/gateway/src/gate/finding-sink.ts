// Where what a session's hooks say goes: metrics, the log, and the record for the people who look at it.
import { randomBytes } from 'node:crypto';
import { mintId } from '@trunkline/kernel';
import { SessionSeal } from '@trunkline/moderation';
import type { GatewayParts } from '../gateway-parts.js';
import { FindingJournal, type FindingContext } from './finding-journal.js';
import type { GateFinding, GatePolicy } from './gate-ports.js';
import { VerdictLog } from './verdict-log.js';

/** That of one session. */
export class FindingSink {
  readonly journal: FindingJournal;
  private readonly verdicts: VerdictLog;

  constructor(
    private readonly parts: GatewayParts,
    context: FindingContext,
  ) {
    this.journal = openFindingJournal(parts, context);
    this.verdicts = new VerdictLog(context, parts.log);
  }

  /** Hooks of a policy found something or failed. */
  found(findings: readonly GateFinding[], by: GatePolicy): void {
    for (const finding of findings) {
      this.parts.metrics.moderated(finding.word);
      this.verdicts.add(finding);
      this.journal.add(finding, by);
    }
  }
}

function openFindingJournal(parts: GatewayParts, context: FindingContext): FindingJournal {
  const { sessionId, tenantId, keyId, replicaId, endUser } = context;
  let seal: SessionSeal | null = null;
  return new FindingJournal({
    context: { sessionId, tenantId, keyId, replicaId, endUser },
    mintId: () => mintId('mfd', parts.clock.nowMs(), randomBytes),
    nowMs: parts.clock.nowMs,
    pressure: () => parts.journal.pressure(),
    seal: (id, excerpt) => {
      seal ??= new SessionSeal({ tenantId, sessionId }, parts.contentSeal, randomBytes);
      return seal.seal(id, excerpt);
    },
    append: (finding) => {
      const record = { kind: 'moderation', finding } as const;
      // No frame waits for it. What the journal refuses is offered again with the books'.
      void parts.journal.append(record).catch(() => parts.stragglers.keep(record));
    },
    unrecorded: (why) => parts.metrics.findingUnrecorded(why),
  });
}
