// `/admin/api/v1/sign-in`: where people can sign in. Open: the page that asks is that of somebody who is not signed in.
import { Controller, Get, Inject } from '@nestjs/common';
import { z } from 'zod';
import { OpenWithoutSession } from '../access/allow.js';
import { API_PARTS, type ApiRouteParts } from '../api-parts.js';
import { Answers } from '../openapi/answers.js';

const WaysAnswer = z.strictObject({
  issuers: z.array(
    z.strictObject({
      issuer: z.string().meta({ description: 'as it calls itself' }),
      path: z.string().meta({ description: 'where a browser begins; takes `again=1` and `back`' }),
    }),
  ),
});

@Controller('admin/api/v1/sign-in')
export class SignInWaysController {
  constructor(@Inject(API_PARTS) private readonly parts: ApiRouteParts) {}

  @OpenWithoutSession(true)
  @Answers(WaysAnswer, { says: 'The issuers at which people sign in; none: by one-time link alone.' })
  @Get()
  ways(): Promise<z.output<typeof WaysAnswer>> {
    const { signIn } = this.parts;
    const issuers = signIn === null ? [] : [{ issuer: signIn.settings.issuer, path: '/admin/sign-in' }];
    return Promise.resolve({ issuers });
  }
}
