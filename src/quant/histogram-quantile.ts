import { GradproofError } from '../errors.ts';
import { seam } from '../seam.ts';

/**
 * The quantile q of what a histogram counted, linear inside its bin: at most the width of a bin
 * from that of the elements themselves. Bins lie between consecutive edges. Throws GradproofError
 * `bad-params` for an empty histogram.
 */
export const histogramQuantile = seam(
  'quant.histogramQuantile',
  (counts: ArrayLike<number>, edges: ArrayLike<number>, q: number): number => {
    let total = 0;
    for (let bin = 0; bin < counts.length; bin++) total += counts[bin] as number;
    if (total === 0)
      throw new GradproofError(
        'bad-params',
        'a histogram that has counted nothing has no quantile',
      );
    const place = q * (total - 1);
    let below = 0;
    let bin = 0;
    while (below + (counts[bin] as number) <= place) below += counts[bin++] as number;
    const low = edges[bin] as number;
    const high = edges[bin + 1] as number;
    return low + ((place - below) / (counts[bin] as number)) * (high - low);
  },
);
