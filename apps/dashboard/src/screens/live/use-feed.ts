// Keeps the feed of the live board open: comes back after it was cut (soon, then ever more slowly), and says since when what is
// shown is old. Draws at most once a frame, however much comes in.
import { useEffect, useState } from 'react';
import { API } from '../../api/request.js';
import type { BoardMessage } from '../../api/types.js';
import { boardAfter, type Board } from './board-state.js';

/** The board as the feed tells it. */
export interface Feed {
  readonly board: Board | null;
  /** `refused` is told by the other side and not tried again. */
  readonly state: 'connecting' | 'live' | 'stale' | 'refused';
  readonly why: string;
}

const AGAIN_MS_MIN = 500;
const AGAIN_MS_MAX = 10_000;
// The feed says something every few seconds, if only the time: silence means that the way to it is broken.
const SILENCE_MS_MAX = 10_000;
/** Close codes from here to 4499: the feed is not for whoever asks. */
const REFUSED = 4_400;

/** The feed; `paused` keeps what is shown as it is. */
export function useFeed(paused: boolean): Feed {
  const [feed, setFeed] = useState<Feed>({ board: null, state: 'connecting', why: '' });
  useEffect(() => {
    if (paused) return undefined;
    return openFeed((change) => setFeed((before) => ({ ...before, ...change })));
  }, [paused]);
  return feed;
}

function openFeed(tell: (change: Partial<Feed>) => void): () => void {
  let board: Board | null = null;
  let socket: WebSocket | null = null;
  let timer = 0;
  let frame = 0;
  let failures = 0;
  const draw = () => {
    frame = 0;
    tell({ board, state: 'live' });
  };
  const silent = () => socket?.close();
  const expect = () => {
    clearTimeout(timer);
    timer = window.setTimeout(silent, SILENCE_MS_MAX);
  };
  const open = () => {
    const opened = new WebSocket(`${location.origin.replace(/^http/, 'ws')}${API}/live`);
    socket = opened;
    expect();
    opened.onmessage = ({ data }) => {
      failures = 0;
      expect();
      board = boardAfter(board, JSON.parse(String(data)) as BoardMessage);
      if (frame === 0) frame = requestAnimationFrame(draw);
    };
    opened.onclose = ({ code, reason }) => {
      clearTimeout(timer);
      if (code >= REFUSED && code < REFUSED + 100) return tell({ state: 'refused', why: reason });
      tell({ state: board === null ? 'connecting' : 'stale' });
      const waitMs = Math.min(AGAIN_MS_MAX, AGAIN_MS_MIN * 2 ** failures++);
      timer = window.setTimeout(open, waitMs * (0.5 + Math.random() / 2));
    };
  };
  open();
  return () => {
    clearTimeout(timer);
    cancelAnimationFrame(frame);
    if (socket === null) return;
    socket.onclose = null;
    socket.close();
  };
}
