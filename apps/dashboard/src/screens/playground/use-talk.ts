// One talk at a time: begins, keeps what came of it, ends it when its screen goes away.
import { useEffect, useRef, useState } from 'react';
import { useWords } from '../../i18n/use-words.js';
import { wordsOf } from '../../parts/states.js';
import { openTalk, type OpenTalk } from './open-talk.js';
import { SILENCE, talkAfter, typed, type Talk } from './talk-state.js';

/** A client secret, fresh. */
export interface Minted {
  readonly secret: string;
}

/** The talk and what can be done about it. */
export interface TalkInHand {
  readonly talk: Talk;
  /** Null: none is under way. */
  readonly open: OpenTalk | null;
  /** When it began, ISO 8601; null: none has. */
  readonly since: string | null;
  /** Why it did not begin, or ended; empty: nothing is wrong. */
  readonly problem: string;
  readonly begin: () => void;
  readonly listen: () => void;
  readonly type: (text: string) => void;
}

/** @param url of the gateway's socket. @param mint makes the secret of the next talk */
export function useTalk(url: string, mint: () => Promise<Minted>): TalkInHand {
  const { t } = useWords();
  const [talk, setTalk] = useState<Talk>(SILENCE);
  const [open, setOpen] = useState<OpenTalk | null>(null);
  const [since, setSince] = useState<string | null>(null);
  const [problem, setProblem] = useState('');
  const current = useRef<OpenTalk | null>(null);
  useEffect(() => () => current.current?.end(), []);
  const failed = (error: unknown) =>
    setProblem(error instanceof Error ? wordsOf(error, t('state.offline')) : String(error));
  const started = ({ secret }: Minted) => {
    current.current = openTalk({
      ...{ url, secret },
      onEvent: (event) => setTalk((before) => talkAfter(before, event, performance.now())),
      onEnd: (why) => {
        setOpen(null);
        setProblem(why);
      },
    });
    setSince(new Date().toISOString());
    setOpen(current.current);
  };
  const begin = () => {
    setProblem('');
    setTalk(SILENCE);
    void mint().then(started, failed);
  };
  const type = (text: string) => {
    open?.type(text);
    setTalk((before) => typed(before, text, performance.now()));
  };
  return { talk, open, since, problem, begin, type, listen: () => void open?.listen().catch(failed) };
}
