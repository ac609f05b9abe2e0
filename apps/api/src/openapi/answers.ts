// What a route answers, said once: the OpenAPI document shows it, and the compiler holds the handler to it.
import { ApiResponse } from '@nestjs/swagger';
import type { z } from 'zod';

type Decorates<Args extends unknown[], Answer> = TypedPropertyDescriptor<(...args: Args) => Promise<Answer>>;

/** How an answer is told. */
export interface AnswerWords {
  /** One sentence: what the route does. */
  readonly says: string;
  readonly status?: number;
}

/** The answer of a route. A handler that returns something else does not compile. */
export function Answers<Schema extends z.ZodType>(schema: Schema, { says, status = 200 }: AnswerWords) {
  const describe = ApiResponse({ status, description: says, standardSchema: schema });
  return <Args extends unknown[], Answer extends z.output<Schema>>(
    target: object,
    key: string,
    descriptor: Decorates<Args, Answer>,
  ): void => void describe(target, key, descriptor);
}
