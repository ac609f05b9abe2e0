// How long a call would have lasted that had no session: as long as the median session of its like. Lengths are kept, eight
// bytes each, and sorted only where somebody asks.
import type { TenantId } from '@trunkline/kernel';
import type { RecordedSession } from '@trunkline/metering';
import { modelFamily } from '@trunkline/providers';

/** Where nothing at all was let in. */
export const DURATION_MS_UNKNOWN = 3 * 60_000;

interface Lengths {
  readonly tenantId: TenantId;
  readonly family: string;
  readonly ms: number[];
}

/** The lengths of the sessions that are over. Add all before asking. */
export class SessionLengths {
  readonly #ofKind = new Map<string, Lengths>();
  readonly #medians = new Map<string, number | null>();

  add({ tenantId, model, durationMs }: RecordedSession): void {
    if (durationMs === null) return;
    const family = modelFamily(model);
    const kind = `${tenantId} ${family}`;
    const known = this.#ofKind.get(kind);
    if (known) known.ms.push(durationMs);
    else this.#ofKind.set(kind, { tenantId, family, ms: [durationMs] });
  }

  /** The median of the tenant's sessions with the family; without any, of its sessions, of the family's, of all. */
  assumedFor(tenantId: TenantId, family: string): number {
    return (
      this.#median(`${tenantId} ${family}`, (each) => each.tenantId === tenantId && each.family === family) ??
      this.#median(tenantId, (each) => each.tenantId === tenantId) ??
      this.#median(family, (each) => each.family === family) ??
      this.#median('', () => true) ??
      DURATION_MS_UNKNOWN
    );
  }

  // Once for each name: many tenants may fall back on the same.
  #median(name: string, isLike: (each: Lengths) => boolean): number | null {
    const known = this.#medians.get(name);
    if (known !== undefined) return known;
    const found = medianOf([...this.#ofKind.values()].filter(isLike).map(({ ms }) => ms));
    this.#medians.set(name, found);
    return found;
  }
}

// A typed array is sorted some times faster than a plain one.
function medianOf(parts: readonly (readonly number[])[]): number | null {
  const values = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    values.set(part, at);
    at += part.length;
  }
  return values.sort()[Math.floor((values.length - 1) / 2)] ?? null;
}
