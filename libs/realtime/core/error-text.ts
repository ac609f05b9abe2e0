// The only JSON that this library writes: errors of our own. In one file, so that nothing else here needs to build or
// read JSON, which on the path of a frame would be a mistake.
import { toOpenAiError, type OpenAiError, type Refusal } from '@trunkline/kernel';

/** An OpenAI-shaped `error` event. @param clientEventId the id that the client gave the event at fault, if it was one. */
export function errorEvent(error: OpenAiError, eventId: string, clientEventId: string | null = null): string {
  return JSON.stringify({ type: 'error', event_id: eventId, error: { ...error, event_id: clientEventId } });
}

/** The body of a refusal before the upgrade. */
export function refusalBody(refusal: Refusal): string {
  return JSON.stringify({ error: toOpenAiError(refusal) });
}
