// Says how an export goes on to whoever waits for it at the command line: small ones are done before the first word.

const TELL_MS = 3_000;

/** Tells on a timer until it is stopped. */
export interface ProgressTeller {
  readonly onRows: (rows: number) => void;
  readonly stop: () => void;
}

/** Begins to tell. @param tell receives a line every few seconds. */
export function tellProgress(tell: (line: string) => void): ProgressTeller {
  let rows = 0;
  const timer = setInterval(() => tell(progressLine(rows)), TELL_MS).unref();
  return {
    onRows: (read) => {
      rows = read;
    },
    stop: () => clearInterval(timer),
  };
}

/** Before the first row the server sorts the whole month, and nobody knows how far it is. */
export function progressLine(rows: number): string {
  return rows === 0 ? 'the server gathers and sorts the month' : `${rows} rows read`;
}
