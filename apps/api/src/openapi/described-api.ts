import { ApiModule } from '../api.module.js';
import { openApiDocument } from './document.js';

/** The OpenAPI document as text, as it is committed in docs/openapi.json: the same bytes for the same routes. */
export async function describedApi(): Promise<string> {
  return `${JSON.stringify(await openApiDocument(ApiModule.controllers()), null, 2)}\n`;
}
