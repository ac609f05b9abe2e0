// The benchmark's load client: a process that holds sessions against one target and counts what comes back. Driven by
// calls over IPC; see `cast.ts` for what they do.
import { z } from 'zod';
import { serveCalls } from '../process/rpc.js';
import { BEHAVIOURS } from '../workload/behaviour.js';
import { Cast } from './cast.js';
import { Target } from './dial.js';
import { handshakes } from './handshakes.js';

const Open = z.object({
  target: Target,
  group: z.string(),
  behaviour: z.enum(BEHAVIOURS),
  sessions: z.number().int().positive(),
  concurrency: z.number().int().positive(),
});
const Handshakes = z.object({ target: Target, workers: z.number().int(), durationMs: z.number() });
const Close = z.object({ group: z.string().nullable() });

const cast = new Cast();

serveCalls({
  open: (argument) => cast.open(Open.parse(argument)),
  openWindow: () => cast.all().forEach((group) => group.openWindow()),
  figures: () => cast.all().map((group) => group.figures()),
  setSpeaking: (speaking) => cast.setSpeaking(speaking === true),
  close: (argument) => cast.close(Close.parse(argument).group),
  handshakes: (argument) => {
    const { target, workers, durationMs } = Handshakes.parse(argument);
    return handshakes(target, workers, durationMs);
  },
});
