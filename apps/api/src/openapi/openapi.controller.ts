// `/admin/api/v1/openapi.json`: what this API is, for programs that make clients of it. It tells of no installation, so it is open.
import { Controller, Get, Inject } from '@nestjs/common';
import { OpenToPrograms, OpenWithoutSession } from '../access/allow.js';
import { API_PARTS, type ApiRouteParts } from '../api-parts.js';

@Controller('admin/api/v1/openapi.json')
@OpenToPrograms(true)
export class OpenApiController {
  constructor(@Inject(API_PARTS) private readonly parts: ApiRouteParts) {}

  /** The document. */
  @OpenWithoutSession(true)
  @Get()
  document(): Promise<object> {
    return this.parts.openApi();
  }
}
