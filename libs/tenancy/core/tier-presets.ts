// OpenAI's documented caps by usage tier, as data. A preset fills what is documented and nothing else, and names what
// it leaves open: a guessed cap is worse than none, since it refuses calls that had a line or sends them into the
// vendor's own refusal. As of November 2026; an account's own limits page is always right, and caps can be set by hand.
import { unreachable } from '@trunkline/kernel';

/** Usage tiers of an OpenAI account. */
export const TIERS = [1, 2, 3, 4, 5] as const;
export type Tier = (typeof TIERS)[number];

/** Which preset. */
export interface PresetRequest {
  readonly tier: Tier;
  /**
   * `launch`: also the cap in total that was announced with the Realtime API. On request only: since February 2025
   * OpenAI is said to limit tokens and no longer sessions of Realtime models, so that many accounts are not held to it;
   * and it would hold back a pool that carries gpt-live-1, whose own cap is higher.
   */
  readonly caps: 'documented' | 'launch';
}

/** A cap that a preset does not fill, and what to do about it. */
export interface PresetGap {
  readonly cap: string;
  readonly why: string;
}

/** What a preset fills. */
export interface TierPreset {
  readonly tier: Tier;
  readonly familyCaps: ReadonlyMap<string, number>;
  /** Null: the preset has no cap in total, and the pool keeps its own. */
  readonly sessionsMax: number | null;
  readonly gaps: readonly PresetGap[];
}

// Model page of gpt-live-1, "concurrent sessions" (a cap of its own, over all regions). The free tier cannot use it.
const LIVE_1_SESSIONS: { readonly [Each in Tier]: number } = { 1: 25, 2: 50, 3: 200, 4: 300, 5: 500 };
// Announcement of the Realtime API, 1 October 2024: about 100 sessions at once for tier 5, fewer below.
const LAUNCH_TIER_5_SESSIONS = 100;

// Named in every answer, so that nobody takes a preset for the whole truth.
const GAPS: readonly PresetGap[] = [
  {
    cap: 'gpt-live-1.1',
    why: "has a cap of its own that OpenAI does not publish: read it in your organisation's limits and set it as a family cap",
  },
  {
    cap: 'tokens per minute',
    // Model comparison page, gpt-realtime. Which of the numbered tiers the new names stand for is not documented.
    why: 'documented for gpt-realtime by the newer names only (Build 200,000, Launch 4,000,000, Grow 15,000,000): set yours with pool update --tokens-per-minute',
  },
];

/** The preset, or null where nothing is documented: launch caps of the tiers below 5. */
export function tierPreset({ tier, caps }: PresetRequest): TierPreset | null {
  const preset = { tier, familyCaps: new Map([['gpt-live-1', LIVE_1_SESSIONS[tier]]]) };
  switch (caps) {
    case 'documented':
      return { ...preset, sessionsMax: null, gaps: [...GAPS, TOTAL_GAP] };
    case 'launch':
      return tier === 5 ? { ...preset, sessionsMax: LAUNCH_TIER_5_SESSIONS, gaps: GAPS } : null;
    default:
      return unreachable(caps);
  }
}

const TOTAL_GAP: PresetGap = {
  cap: 'sessions in total',
  why: 'not documented today; the figure at launch was about 100 for tier 5: --launch-caps fills it, pool set-cap any other',
};
