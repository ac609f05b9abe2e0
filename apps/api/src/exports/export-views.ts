// Export runs as programs see them.
import type { ExportRunRecord } from '@trunkline/reporting/adapters/prisma';

/** A run; `links` adds where its files can be fetched. */
export function runView(run: ExportRunRecord) {
  const { requestedAtMs, finishedAtMs, purgedAtMs, ...rest } = run;
  return {
    ...rest,
    requestedAt: new Date(requestedAtMs).toISOString(),
    finishedAt: isoOrNull(finishedAtMs),
    purgedAt: isoOrNull(purgedAtMs),
  };
}

function isoOrNull(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
