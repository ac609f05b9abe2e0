// Calls between the benchmark and its child processes over Node's IPC channel. Guarantees that each call ends: with a
// checked reply, with the child's error, when the child exits, or at its deadline. Leaves starting to `pinned.ts`.
import type { ChildProcess } from 'node:child_process';
import { z } from 'zod';

const Call = z.object({ id: z.number(), method: z.string(), argument: z.unknown() });
const Reply = z.object({ id: z.number(), result: z.unknown(), error: z.string().optional() });
const CALL_DEADLINE_MS = 120_000;

type Handler = (argument: unknown) => unknown;

/** Answers calls in a child process; exits with the parent. */
export function serveCalls(handlers: Readonly<Record<string, Handler>>): void {
  process.on('message', (message) => {
    const call = Call.safeParse(message);
    if (call.success) void answer(call.data, handlers[call.data.method]);
  });
  process.on('disconnect', () => process.exit(0));
  process.send?.({ ready: true });
}

async function answer(call: z.infer<typeof Call>, handler: Handler | undefined): Promise<void> {
  try {
    if (!handler) throw new Error(`no method ${call.method}`);
    process.send?.({ id: call.id, result: (await handler(call.argument)) ?? null });
  } catch (error) {
    process.send?.({ id: call.id, result: null, error: error instanceof Error ? error.message : String(error) });
  }
}

/** The calling side of one child. */
export class Peer {
  private nextId = 1;
  private readonly waiting = new Map<number, (reply: z.infer<typeof Reply>) => void>();

  constructor(
    readonly child: ChildProcess,
    private readonly name: string,
  ) {
    child.on('message', (message) => {
      const reply = Reply.safeParse(message);
      if (reply.success) this.settle(reply.data);
    });
    child.on('exit', (code) => {
      for (const id of [...this.waiting.keys()]) this.settle({ id, result: null, error: `exited with ${code}` });
    });
  }

  /** Calls `method`; the reply is read with `schema`. */
  async call<T>(method: string, argument: unknown, schema: z.ZodType<T>): Promise<T> {
    const id = this.nextId++;
    const reply = await new Promise<z.infer<typeof Reply>>((resolve) => {
      const timer = setTimeout(
        () => this.settle({ id, result: null, error: `no answer within ${CALL_DEADLINE_MS} ms` }),
        CALL_DEADLINE_MS,
      );
      this.waiting.set(id, (settled) => {
        clearTimeout(timer);
        resolve(settled);
      });
      this.child.send({ id, method, argument });
    });
    if (reply.error !== undefined) throw new Error(`bench ${this.name}, ${method}: ${reply.error}`);
    return schema.parse(reply.result);
  }

  private settle(reply: z.infer<typeof Reply>): void {
    this.waiting.get(reply.id)?.(reply);
    this.waiting.delete(reply.id);
  }
}
