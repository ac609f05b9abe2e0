// Time for the simulator: one port for "now" and "later", so that sessions can be tested on a virtual clock.
// Guarantees nothing about precision; leaves the choice of clock to whoever starts the simulator.

/** Cancels a pending timer; calling it twice, or after the timer fired, is harmless. */
export type Cancel = () => void;

/** Source of time. `now` is in milliseconds since the Unix epoch. */
export interface Clock {
  now(): number;
  after(delayMs: number, run: () => void): Cancel;
}

/** The machine's own clock and timers. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};
