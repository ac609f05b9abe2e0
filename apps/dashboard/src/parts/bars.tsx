// A bar chart by time, drawn: the table beside it says the same to who cannot see it.
import { useWords } from '../i18n/use-words.js';

/** One bar. */
export interface Bar {
  readonly label: string;
  /** Where it ends, as a share of the highest from 0 to 1. */
  readonly height: number;
  /** What it says when pointed at. */
  readonly title: string;
}

const WIDTH = 1_000;
const HEIGHT = 180;
// One bar over the whole width says nothing.
const BARS_MIN = 12;

/** The chart. */
export function Bars({ bars, label }: { readonly bars: readonly Bar[]; readonly label: string }) {
  const { t } = useWords();
  const step = WIDTH / Math.max(BARS_MIN, bars.length);
  const [first, last] = [bars[0]?.label ?? '', bars.at(-1)?.label ?? ''];
  return (
    <figure className="bars">
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${label}. ${t('chart.twin')}`}
      >
        {bars.map((bar, i) => (
          <rect
            key={bar.label}
            x={i * step + step * 0.1}
            width={step * 0.8}
            y={HEIGHT * (1 - bar.height)}
            height={Math.max(HEIGHT * bar.height, bar.height > 0 ? 1 : 0)}
          >
            <title>{bar.title}</title>
          </rect>
        ))}
      </svg>
      <figcaption aria-hidden>
        <span>{first}</span>
        <span>{last}</span>
      </figcaption>
    </figure>
  );
}
