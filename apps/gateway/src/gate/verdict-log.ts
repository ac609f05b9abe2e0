// The log of what a session's hooks said. Bounded: a hook that finds something in every word must not fill the log. Holds no
// content.
import type { Log } from '@trunkline/platform/logging';
import type { FindingContext } from './finding-journal.js';
import type { GateFinding } from './gate-ports.js';

/** As many lines as anybody reads of one session; a real one has a handful. All verdicts are counted in metrics. */
export const LOGGED_MAX = 200;

/** The log of one session. */
export class VerdictLog {
  private logged = 0;

  constructor(
    private readonly who: Pick<FindingContext, 'sessionId' | 'tenantId'>,
    private readonly log: Pick<Log, 'info'>,
  ) {}

  add({ word, kind }: GateFinding): void {
    if (this.logged > LOGGED_MAX) return;
    this.logged += 1;
    const session = { session_id: this.who.sessionId, tenant_id: this.who.tenantId };
    if (this.logged > LOGGED_MAX) {
      const cut = { event: 'moderation_verdicts_cut', ...session, count: LOGGED_MAX };
      return this.log.info(cut, 'a session had so many verdicts: no more of them are logged');
    }
    const { binding, action, failure, findings, reason } = word;
    const categories = [...new Set(findings.map(({ category }) => category))].join(',');
    const what = `${action} ${kind} ${failure ?? categories}${reason === null ? '' : `: ${reason}`}`;
    this.log.info(
      {
        ...{ event: 'moderation_verdict', ...session, name: binding.name },
        reason: `${binding.dryRun ? 'dry run: ' : ''}${what}`,
      },
      'a moderation hook found something or failed',
    );
  }
}
