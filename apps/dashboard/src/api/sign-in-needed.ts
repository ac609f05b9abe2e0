// A request that cannot go on before somebody signs in says so as an event of the window; the frame shows the way and settles it.

/** `ended`: nobody is signed in any more. `stale`: what was asked for needs a sign-in of just now. */
export type SignInReason = 'ended' | 'stale';

/** The name of the event. */
export const SIGN_IN_NEEDED = 'trunkline-sign-in-needed';

/** Somebody has to sign in. Who takes it on prevents its default and settles it. */
export class SignInNeeded extends Event {
  constructor(
    readonly reason: SignInReason,
    readonly settle: (isSignedIn: boolean) => void,
  ) {
    super(SIGN_IN_NEEDED, { cancelable: true });
  }
}

/** What a refusal of this code wants; null: no sign-in would help. */
export function signInNeededBy(code: string): SignInReason | null {
  if (code === 'sign_in_required') return 'ended';
  return code === 'step_up_required' ? 'stale' : null;
}

/** Waits for the sign-in; false: it was given up, or nobody shows the way. */
export function signedInAgain(reason: SignInReason): Promise<boolean> {
  return new Promise((resolve) => {
    const isLeft = window.dispatchEvent(new SignInNeeded(reason, resolve));
    if (isLeft) resolve(false);
  });
}
