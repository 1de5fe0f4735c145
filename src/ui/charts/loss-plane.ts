import { scaleLinear } from 'd3-scale';
import { line } from 'd3-shape';
import { unitsWords } from '../messages/units.en.ts';
import { MOST_POINTS, thinned } from '../train/chart-model.ts';
import type { LossPoint } from '../train/training-state.ts';
import { areaOf, axes, type Size } from './axes.ts';
import { chartsWords } from './charts.en.ts';
import { stepTicks } from './ticks.ts';

/** What a plane of losses spans. */
interface Span {
  /** The last step. */
  readonly steps: number;
  readonly top: number;
  readonly bottom: number;
  /** What the loss is measured in. */
  readonly unit: string;
}

const isDrawn = ({ loss }: LossPoint) => Number.isFinite(loss);

/** Where losses over steps are drawn: the scales, the axes, and what a run is in them. */
export function lossPlane(size: Size, { steps, top, bottom, unit }: Span) {
  const units = unitsWords();
  const area = areaOf(size);
  const x = scaleLinear([0, Math.max(1, steps)], [area.left, area.right]);
  const y = scaleLinear([bottom, top], [area.bottom, area.top]).nice(5);
  const path = line<LossPoint>(
    ({ step }) => x(step),
    ({ loss }) => y(loss),
  ).defined(isDrawn);
  return {
    ...{ area, x, y },
    axes: axes(
      area,
      {
        ticks: stepTicks(x, Math.min(8, size.width / 80), (step) => units.number(step)),
        label: chartsWords().loss.step,
      },
      {
        ticks: y.ticks(5).map((loss) => ({
          at: y(loss),
          words: units.number(loss, { minimumFractionDigits: 1 }),
        })),
        label: unit,
      },
    ),
    /** The line of losses, or nothing where there is none. */
    pathOf: (losses: readonly LossPoint[]) =>
      path([...thinned(losses, MOST_POINTS, ({ loss }) => loss)]),
    /** Where points that have a place lie. */
    placesOf: (points: readonly LossPoint[]) =>
      points.filter(isDrawn).map(({ step, loss }) => ({ cx: x(step), cy: y(loss) })),
  };
}
