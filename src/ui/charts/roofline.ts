import { unitsWords } from '../messages/units.en.ts';
import { roofsOf, type TimedOp } from '../speed/timed-ops.ts';
import { chartsWords } from './charts.en.ts';
import type { Figure } from './figure.ts';
import { drawRoofline, rooflineHeight } from './roofline-plot.ts';

/**
 * Operations a second over operations a byte, both logarithmic, below the roofs that were reached
 * here. `ops` is not empty.
 */
export function rooflineFigure(ops: readonly TimedOp[]): Figure {
  const charts = chartsWords();
  const units = unitsWords();
  const words = charts.roofline;
  const roofs = roofsOf(ops);
  const giga = (value: number) => units.number(value / 1e9, { maximumSignificantDigits: 3 });
  const rates = { gflops: roofs.flopsPerSecond / 1e9, gbps: roofs.bytesPerSecond / 1e9 };
  const marks = ops.map(({ name, intensity, flops, flopsPerSecond, interval: [fast, slow] }) => ({
    ...{ name, isNamed: true, look: 'dot s1' as const },
    ...{ intensity, gflops: flopsPerSecond / 1e9 },
    interval: [flops / slow / 1e6, flops / fast / 1e6] as const,
  }));
  return {
    caption: words.caption,
    description: words.description(
      ops.length,
      giga(roofs.flopsPerSecond),
      giga(roofs.bytesPerSecond),
    ),
    legend: [
      { mark: 'dot', ink: 's1', words: words.op },
      { mark: 'rule', ink: 'back', words: words.roof },
    ],
    table: {
      columns: words.columns.map((label) => ({ label })),
      rows: ops.map(
        ({ name, flops, bytes, intensity, ms, interval, flopsPerSecond, bytesPerSecond }) => [
          ...[name, flops, bytes, intensity, ms, interval[0], interval[1]],
          ...[flopsPerSecond / 1e9, bytesPerSecond / 1e9],
        ],
      ),
    },
    draw: (size) => drawRoofline(marks, rates, size),
    height: rooflineHeight,
    file: 'gradproof-roofline',
  };
}
