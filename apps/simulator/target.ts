// The request target, split without judging it: a URL parser throws on targets such as "//", and a stranger's request
// must never throw.

/** Path and query of a request target. */
export interface Target {
  readonly pathname: string;
  readonly query: URLSearchParams;
}

/** Splits a request target. */
export function targetOf(target: string | undefined): Target {
  const text = target ?? '/';
  const mark = text.indexOf('?');
  if (mark < 0) return { pathname: text, query: new URLSearchParams() };
  return { pathname: text.slice(0, mark), query: new URLSearchParams(text.slice(mark + 1)) };
}
