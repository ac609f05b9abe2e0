// What moderation hooks found, as gateways journal it: builders for specs of everything that comes after.
import { randomBytes } from 'node:crypto';
import { mintId, trustedId } from '@trunkline/kernel';
import type { ModerationFinding } from '@trunkline/metering';
import { PrismaJournalStore } from '@trunkline/metering/adapters/prisma';
import type { Database } from '@trunkline/platform/database';

export const FOUND_AT_MS = Date.parse('2026-11-20T10:00:00Z');

/** A finding of its own: another one with each call. */
export function aFinding(set: Partial<ModerationFinding> = {}): ModerationFinding {
  return {
    id: mintId('mfd', FOUND_AT_MS, randomBytes),
    sessionId: trustedId('ses', 'ses_00000000000000000000000001'),
    tenantId: trustedId('tnt', 'tnt_00000000000000000000000001'),
    keyId: trustedId('key', 'key_00000000000000000000000001'),
    replicaId: trustedId('rep', 'rep_00000000000000000000000001'),
    endUser: null,
    policyVersion: 1,
    itemId: 'item_1',
    responseId: null,
    direction: 'input',
    contentKind: 'typed_text',
    hook: 'words',
    hookType: 'terms',
    action: 'block',
    categories: [{ category: 'weapons', score: 1 }],
    failure: null,
    dryRun: false,
    then: [],
    occurredAtMs: FOUND_AT_MS,
    content: null,
    ...set,
  };
}

/** Stores findings as a drain does; each time out of a spool of its own. */
export async function storeFindings(db: Database, findings: readonly ModerationFinding[]): Promise<void> {
  const records = findings.map((finding) => ({ kind: 'moderation', finding }) as const);
  const spoolId = `spl_${randomBytes(8).toString('hex')}`;
  const batch = { spoolId, epoch: 1, segment: 1, fromSequence: 1, toSequence: records.length, records };
  await new PrismaJournalStore(db).commit(batch);
}
