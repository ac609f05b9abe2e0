// What can go wrong on the admin listener, as a closed list, and how it is told: problem details (RFC 9457) to programs,
// a page to people. `/v1` of the gateway has OpenAI's shape instead; the two are never mixed.

interface ProblemEntry {
  readonly status: number;
  readonly title: string;
}

/** The codes. */
export const PROBLEMS = {
  invalid_query: { status: 400, title: 'The query cannot be used' },
  invalid_request: { status: 400, title: 'The request cannot be read' },
  sign_in_required: { status: 401, title: 'Sign in first' },
  no_role: { status: 403, title: 'You have no role yet' },
  not_allowed: { status: 403, title: 'You may not do this' },
  step_up_required: { status: 403, title: 'Sign in again for this' },
  sign_in_refused: { status: 403, title: 'You are not signed in' },
  link_not_valid: { status: 403, title: 'This link does not work' },
  download_refused: { status: 403, title: 'This download link does not work' },
  foreign_site: { status: 403, title: 'Another site sent this' },
  not_found: { status: 404, title: 'There is nothing here' },
  sign_in_not_set_up: { status: 404, title: 'There is no such sign-in here' },
  export_not_found: { status: 404, title: 'There is no such export' },
  export_schedule_not_found: { status: 404, title: 'There is no such schedule' },
  member_not_found: { status: 404, title: 'There is no such member' },
  token_not_found: { status: 404, title: 'There is no such token' },
  key_not_found: { status: 404, title: 'There is no such key' },
  issuer_not_found: { status: 404, title: 'There is no such issuer' },
  secret_not_found: { status: 404, title: 'There is no such client secret' },
  share_not_found: { status: 404, title: 'There is no such share' },
  tenant_not_found: { status: 404, title: 'There is no such tenant' },
  cost_centre_not_found: { status: 404, title: 'There is no such cost centre' },
  pool_not_found: { status: 404, title: 'There is no such pool' },
  price_change_not_found: { status: 404, title: 'There is no such change of prices' },
  review_item_not_found: { status: 404, title: 'There is no such review item' },
  session_not_found: { status: 404, title: 'There is no such open session' },
  channel_not_found: { status: 404, title: 'There is no such channel' },
  rule_not_found: { status: 404, title: 'There is no such rule' },
  delivery_not_found: { status: 404, title: 'There is no such delivery' },
  run_not_found: { status: 404, title: 'There is no such run' },
  method_not_allowed: { status: 405, title: 'This cannot be done here' },
  does_not_hold: { status: 409, title: 'This does not fit what is there' },
  export_not_failed: { status: 409, title: 'This export did not fail' },
  name_taken: { status: 409, title: 'This name is taken' },
  files_are_gone: { status: 410, title: 'The files are gone' },
  changed_meanwhile: { status: 412, title: 'Somebody changed this meanwhile' },
  host_not_allowed: { status: 421, title: 'This host name is not ours' },
  idempotency_key_reused: { status: 422, title: 'This Idempotency-Key belongs to another request' },
  booking_refused: { status: 422, title: 'This cannot be booked' },
  prices_refused: { status: 422, title: 'These prices cannot be taken' },
  version_needed: { status: 428, title: 'Say which version you change' },
  internal_error: { status: 500, title: 'Trunkline failed' },
  what_if_under_way: { status: 503, title: 'Another what-if is under way' },
  takes_too_long: { status: 503, title: 'This takes longer than a request may' },
  secrets_not_here: { status: 503, title: 'Secrets cannot be kept here' },
  exports_not_here: { status: 503, title: 'Exports are not kept here' },
  issuer_unavailable: { status: 503, title: 'The issuer does not answer' },
  database_unavailable: { status: 503, title: 'The database does not answer' },
  lines_not_known: { status: 503, title: 'The lines are not known here' },
  lines_unavailable: { status: 503, title: 'The store of the lines does not answer' },
} as const satisfies Record<string, ProblemEntry>;

/** A code of the list. */
export type ProblemCode = keyof typeof PROBLEMS;

/** One parameter at fault. */
export interface ProblemField {
  /** Its name in the query or the body. */
  readonly parameter: string;
  /** Says what is allowed; repeats no secret. */
  readonly detail: string;
}

/** What is told beside the code. */
export interface ProblemWords {
  /** Public: says what to do. */
  readonly detail: string;
  readonly errors?: readonly ProblemField[];
  /** Of `changed_meanwhile`: what is there now. */
  readonly current?: unknown;
}

/** An expected refusal on its way to the filter. */
export class RefusedRequest extends Error {
  override readonly name = 'RefusedRequest';
  constructor(
    readonly code: ProblemCode,
    readonly words: ProblemWords,
  ) {
    super(code);
  }
}

/** The body of `application/problem+json`. */
export interface ProblemDetails extends ProblemWords {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ProblemCode;
  /** The request's id, as in the log. */
  readonly instance: string;
}

/** A problem in the shape of RFC 9457. */
export function problemDetails(code: ProblemCode, words: ProblemWords, requestId: string): ProblemDetails {
  const { status, title } = PROBLEMS[code];
  return { type: `urn:trunkline:problem:${code}`, title, status, code, ...words, instance: requestId };
}
