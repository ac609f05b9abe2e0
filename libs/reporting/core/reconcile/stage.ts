// When a day is compared. The vendor's figures settle over some days: on the day after they are provisional, after a week
// they are final. Days are UTC, as the vendor's are.

const DAY_MS = 86_400_000;
const SETTLING_DAYS = 3;
const FINAL_DAYS = 7;
/** A worker that was away makes up for so many days. */
const LOOK_BACK_DAYS = 13;

/** How far the vendor's figures of a day can be trusted. */
export type Stage = 'provisional' | 'settling' | 'final';

/** The stage of a day now. */
export function stageOf(dayMs: number, nowMs: number): Stage {
  const age = Math.floor((nowMs - dayMs) / DAY_MS);
  if (age >= FINAL_DAYS) return 'final';
  return age >= SETTLING_DAYS ? 'settling' : 'provisional';
}

/** The days whose run of their stage may be due, oldest first. */
export function daysDue(nowMs: number): readonly { readonly dayMs: number; readonly stage: Stage }[] {
  const today = Math.floor(nowMs / DAY_MS) * DAY_MS;
  return Array.from({ length: LOOK_BACK_DAYS }, (_, i) => {
    const dayMs = today - (LOOK_BACK_DAYS - i) * DAY_MS;
    return { dayMs, stage: stageOf(dayMs, nowMs) };
  });
}

/** `2026-11-21`. */
export function dayText(dayMs: number): string {
  return new Date(dayMs).toISOString().slice(0, 10);
}
