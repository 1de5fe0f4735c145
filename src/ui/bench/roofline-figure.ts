import type { Roofline } from '../../bench/roofline.ts';
import type { Figure } from '../charts/figure.ts';
import { drawRoofline, type RooflineMark, rooflineHeight } from '../charts/roofline-plot.ts';
import { unitsWords } from '../messages/units.en.ts';
import { benchWords } from './bench.en.ts';
import { contenderWords, workName } from './contenders.ts';

/** Works by operations a byte and rate, ours and those of libraries, below the ceilings. */
export function rooflineFigure({ roofs, points }: Roofline): Figure {
  const { roofline: words, ours } = benchWords();
  const { number } = unitsWords();
  const { gflops = NONE, gbps = NONE } = roofs;
  const rates = [
    [gflops, 'GFLOP/s', words.noFlatRoof],
    [gbps, 'GB/s', words.noSlope],
  ] as const;
  const reached = rates.flatMap(([rate, unit]) =>
    rate === NONE ? [] : [`${number(rate, { maximumSignificantDigits: 3 })} ${unit}`],
  );
  const missing = rates.flatMap(([rate, , words]) => (rate === NONE ? [words] : []));
  const marks = points.map(({ id, backend, ms, interval: [fast, slow], gflops, intensity }) =>
    backend === 'webgpu'
      ? ({
          ...{ name: workName(id), isNamed: true, look: 'dot s1', intensity, gflops },
          interval: [(gflops * ms) / slow, (gflops * ms) / fast],
        } satisfies RooflineMark)
      : ({
          ...{ name: `${workName(id)}, ${contenderWords(backend)}`, isNamed: false },
          ...{ look: 'ring s2', intensity, gflops },
        } satisfies RooflineMark),
  );
  return {
    caption: words.caption,
    description: [words.description(points.length, reached), ...missing].join(' '),
    legend: [
      { mark: 'dot', ink: 's1', words: ours },
      { mark: 'ring', ink: 's2', words: words.peers },
      { mark: 'rule', ink: 'back', words: words.roof },
    ],
    table: {
      columns: words.columns.map((label) => ({ label })),
      rows: points.map(({ id, backend, intensity, ms, interval, gflops, gbps }) => [
        ...[workName(id), contenderWords(backend), intensity, ms, ...interval, gflops, gbps],
      ]),
    },
    // What is drawn last is on top.
    draw: (size) => drawRoofline(marks.toSorted(oursLast), { gflops, gbps }, size),
    height: rooflineHeight,
    file: 'gradproof-bench-roofline',
  };
}

/** A roof that nothing reached. */
const NONE = Number.POSITIVE_INFINITY;

const oursLast = (a: RooflineMark, b: RooflineMark) =>
  Number(a.look === 'dot s1') - Number(b.look === 'dot s1');
