// Long answers that come in pages: as many as fit into the time that a request may take. What does not fit is said by the
// caller, who also says how to get the rest.

/** A request may work this long on its answer. */
export const WORK_MS_MAX = 30_000;

/** Takes pages until there are no more, or the time is over after one. @returns whether all of them came. */
export async function takeWithin<T>(
  pages: AsyncIterable<T>,
  take: (page: T) => void,
  {
    nowMs = () => performance.now(),
    msMax = WORK_MS_MAX,
  }: { readonly nowMs?: () => number; readonly msMax?: number } = {},
): Promise<boolean> {
  const endMs = nowMs() + msMax;
  for await (const page of pages) {
    take(page);
    if (nowMs() >= endMs) return false;
  }
  return true;
}
