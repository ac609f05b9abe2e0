// What a session does, agreed between both ends. The client names it in its first event, a `session.update` that any
// proxy forwards, so that the upstream needs no side channel that could disagree with the socket.
import { z } from 'zod';

/**
 * - `voice`, `phone`: paced audio up, turns down.
 * - `unbilled`: `voice` whose turns end without usage, to tell what relaying costs from what billing does.
 * - `exchange-small`, `exchange-voice`: one frame up, one of the same size down, a few in flight: saturation.
 * - `exchange-large`: a small frame up, a burst of 16 KB deltas down.
 * - `quiet`: nothing after the greeting.
 * - `flood`: the upstream sends as fast as it may; the client reads nothing.
 * - `stall`: the client sends as fast as it may; the upstream reads nothing.
 */
export const BEHAVIOURS = [
  'voice',
  'phone',
  'unbilled',
  'exchange-small',
  'exchange-voice',
  'exchange-large',
  'quiet',
  'flood',
  'stall',
] as const;
export type Behaviour = (typeof BEHAVIOURS)[number];

/** How long one turn takes and how far apart its events are: 36 events in 0.54 s, then silence. */
export const TURN = { periodMs: 4000, spacingMs: 15 } as const;

/** Frames that answer one frame of an exchange. Deltas come in bursts, so a burst is what a relay must be good at. */
export const ANSWERS = { 'exchange-small': 1, 'exchange-voice': 1, 'exchange-large': 4 } as const;

/** The part of a behaviour's name that says it is an exchange, or null. */
export function exchangeOf(behaviour: Behaviour): keyof typeof ANSWERS | null {
  switch (behaviour) {
    case 'exchange-small':
    case 'exchange-voice':
    case 'exchange-large':
      return behaviour;
    default:
      return null;
  }
}

/** Whether both sides send at a pace. */
export function isPaced(behaviour: Behaviour): boolean {
  return behaviour === 'voice' || behaviour === 'phone' || behaviour === 'unbilled';
}

/**
 * The mask of the workload's frames. Any key does, and a constant one lets frames be masked once: RFC 6455 asks for
 * randomness against hostile scripts in browsers, which a load client is not.
 */
export const CLIENT_MASK = 0x5a3c9e17;

/** A client sends a frame this often. */
export const FRAME_INTERVAL_MS = { voice: 40, phone: 20 } as const;

/** The instruction inside the first event. */
export const Hello = z.object({
  behaviour: z.enum(BEHAVIOURS),
  group: z.string(),
  session: z.number().int(),
  /** When the session's first turn starts, so that sessions do not speak in step. */
  phaseMs: z.number().int(),
});
export type Hello = z.infer<typeof Hello>;

const PREFIX = 'bench ';
const Update = z.object({
  type: z.literal('session.update'),
  session: z.object({ instructions: z.string().startsWith(PREFIX) }),
});

/** The `session.update` that carries a hello. */
export function helloEvent(hello: Hello): string {
  const session = { type: 'realtime', instructions: PREFIX + JSON.stringify(hello) };
  return JSON.stringify({ type: 'session.update', session });
}

/** The hello in an event, or null when the event is not one. */
export function readHello(text: string): Hello | null {
  const update = Update.safeParse(JSON.parse(text));
  return update.success ? Hello.parse(JSON.parse(update.data.session.instructions.slice(PREFIX.length))) : null;
}
