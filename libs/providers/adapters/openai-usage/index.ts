export { openAiBooks, type OpenAiOrganization } from './openai-books.js';
export { readLineItem } from './line-item.js';
export {
  UpstreamBooksUnreadable,
  type UpstreamBooks,
  type UpstreamCost,
  type UpstreamScope,
  type UpstreamUsage,
} from '../../core/upstream-books.js';
