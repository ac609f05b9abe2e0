// OpenAI ends a session after 60 minutes (protocol facts); two minutes more for clocks and the journal's way.
const SESSION_MS_MAX = 62 * 60_000;

/** Whether an open session of this age cannot be alive: its row was left behind by a gateway that was killed. */
export function outlivesAnySession(ageMs: number): boolean {
  return ageMs > SESSION_MS_MAX;
}

/** `7 s`, `3 min 12 s`, `26 h 5 min`. Clocks of two machines may differ: never below zero. */
export function ageText(ageMs: number): string {
  const seconds = Math.max(0, Math.floor(ageMs / 1_000));
  const minutes = Math.floor(seconds / 60);
  if (minutes === 0) return `${seconds} s`;
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
