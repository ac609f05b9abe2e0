// Whether a pool may be removed. Pure. Guarantees that nobody's session loses its account under it, and that a model which
// apps use does not vanish with it: a drained pool answers "try later", a removed one "no such model". Leaves to the caller
// how lines and sessions are looked at.
import type { Pool } from './pool.js';

/**
 * For so long it must have been draining: gateways hear of it within two seconds, and a call that had a line then takes
 * at most 13 to become a session that is on record.
 */
export const DRAINED_MS_MIN = 30_000;

const TRANSCRIPTION = 'transcription';

/** What there is to see of a pool's use. */
export interface PoolUse {
  /** Lines held and calls in line for one; null: nobody could say. */
  readonly lines: number | null;
  /** Sessions on record that are not over. */
  readonly openSessions: number;
  /** Models of its sessions of the last day, as they are on record: `transcription` is one that any pool takes. */
  readonly modelsUsed: readonly string[];
}

/** A removal that is asked for. */
export interface PoolRemoval {
  readonly pool: Pool;
  readonly others: readonly Pool[];
  readonly use: PoolUse;
  /** Since it was last changed, which draining is. */
  readonly unchangedMs: number;
  /** Whether a pool without a list of models serves it. */
  readonly isKnownModel: (model: string) => boolean;
}

/** Why it may not be removed, and what to do; null: it may. */
export function removalProblem({ pool, others, use, unchangedMs, isKnownModel }: PoolRemoval): string | null {
  const { slug, status } = pool;
  if (status === 'active')
    return `Pool "${slug}" takes new sessions. Drain it first (\`pool drain ${slug}\`), and remove it when its sessions have ended (\`pool status ${slug}\`).`;
  const held = Math.max(use.lines ?? 0, use.openSessions);
  if (held > 0)
    return `Pool "${slug}" still has ${held} ${held === 1 ? 'session' : 'sessions'} open or on the way. It is drained and takes no new ones: try again when they have ended (\`pool status ${slug}\`).`;
  if (unchangedMs < DRAINED_MS_MIN) {
    const seconds = Math.ceil((DRAINED_MS_MIN - unchangedMs) / 1_000);
    return `Pool "${slug}" was changed only now, and a call may still be on its way to it. Try again in ${seconds} s.`;
  }
  const orphans = use.modelsUsed.filter((model) => !others.some((other) => offers(other, model, isKnownModel)));
  if (orphans.length === 0) return null;
  return `Pool "${slug}" had sessions with ${[...orphans].sort().join(', ')} within the last day, and no other active pool offers that. Add it to another pool first (\`pool update <pool> --models ...\`, \`pool create\` or \`pool undrain\`), or try again a day after the last session.`;
}

function offers({ status, models }: Pool, model: string, isKnownModel: (model: string) => boolean): boolean {
  if (status !== 'active') return false;
  if (model === TRANSCRIPTION) return true;
  return models === null ? isKnownModel(model) : models.includes(model);
}
