// The headers that edits and creates take, for the document.
import { applyDecorators } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';

/** An edit: `edited` reads this header. */
export function Conditional(): MethodDecorator {
  return applyDecorators(
    ApiHeader({
      name: 'If-Match',
      required: true,
      description: 'the ETag of what was read; 412 when it has changed since',
    }),
  );
}

/** A create: `madeOnce` reads this header. */
export function Repeatable(): MethodDecorator {
  return applyDecorators(
    ApiHeader({
      name: 'Idempotency-Key',
      required: false,
      description: 'the same request within 24 hours makes one thing',
    }),
  );
}
