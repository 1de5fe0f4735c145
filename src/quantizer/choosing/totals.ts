import { type Costs, hasCosts, type Measured } from './measured.ts';
import { metaLabel } from './meta-words.ts';
import type { WholeChoice } from './schemes.ts';
import { addedSums, relativeError } from './square-sums.ts';

/** A scheme over all layers that it was measured on. */
export interface SchemeTotal {
  readonly scheme: WholeChoice;
  /** Relative, of all weights and of all outputs together; not finite where a result is not. */
  readonly weightError: number;
  readonly outputError: number;
  readonly bytes: number;
  /** Stored bits for each element of a weight, with scales and all else. */
  readonly bitsPerWeight: number;
  readonly quantizeMs: number;
  readonly multiplyMs: number;
  /** Layers that it did for, and all. */
  readonly done: number;
  readonly layers: number;
  /** Why it refuses the first layer that it does. */
  readonly why?: string;
  /** Whether no scheme of as few bytes has a smaller error of the outputs (Pareto). */
  readonly isOnFront: boolean;
}

type Sums = Omit<SchemeTotal, 'isOnFront'>;

/** Whether both errors are numbers: what a format cannot hold becomes infinite, and its product NaN. */
export function hasErrors({ weightError, outputError }: Sums): boolean {
  return Number.isFinite(weightError) && Number.isFinite(outputError);
}

/** `nf4;bits=4;group=64`, as it stands in an id. */
export function schemeKey(scheme: WholeChoice): string {
  const { method, bits, groupSize, axis } = scheme;
  const along = axis === undefined ? '' : `;axis=${axis}`;
  const meta = Object.entries(metaLabel(scheme)).map(
    ([name, of]) => `;${name}=${of === true ? 'yes' : of}`,
  );
  return `${method};bits=${bits};group=${groupSize}${along}${meta.join('')}`;
}

/**
 * The sums of each scheme, by rising bits of its codes and within these by the error of the outputs;
 * what has no finite error comes last of them, and schemes that did for no layer last of all. Only
 * those that did for every layer, with finite errors, are compared for the front. A layer that every
 * scheme refuses counts for none of them, if there are others.
 */
export function schemeTotals(measured: readonly Measured[]): readonly SchemeTotal[] {
  const possible = new Set(measured.filter(hasCosts).map(({ layer }) => layer));
  const counted = measured.filter(({ layer }) => possible.size === 0 || possible.has(layer));
  const keyed = counted.map((one) => ({ key: schemeKey(one.scheme), one }));
  const totals = [...new Set(keyed.map(({ key }) => key))].map((wanted) =>
    totalOf(keyed.flatMap(({ key, one }) => (key === wanted ? [one] : []))),
  );
  const whole = totals.filter((total) => total.done === total.layers && hasErrors(total));
  return totals
    .map((total) => ({
      ...total,
      isOnFront: whole.includes(total) && !whole.some((other) => isBetter(other, total)),
    }))
    .sort(
      (a, b) =>
        Number(a.done === 0) - Number(b.done === 0) ||
        a.scheme.bits - b.scheme.bits ||
        Number(!hasErrors(a)) - Number(!hasErrors(b)) ||
        (hasErrors(a) ? a.outputError - b.outputError : 0),
    );
}

/** Whether one is at least as good in both, and better in one (Pareto). */
function isBetter(one: Sums, other: Sums): boolean {
  return (
    one.bytes <= other.bytes &&
    one.outputError <= other.outputError &&
    (one.bytes < other.bytes || one.outputError < other.outputError)
  );
}

function totalOf(those: readonly Measured[]): Sums {
  const costs = those.filter(hasCosts).map(({ result }) => result);
  const sum = (of: (costs: Costs) => number) => costs.reduce((total, one) => total + of(one), 0);
  const bytes = sum((one) => one.bytes);
  const refused = those.find((one) => !hasCosts(one))?.result;
  return {
    scheme: (those[0] as Measured).scheme,
    weightError: relativeError(addedSums(costs.map(({ weight }) => weight))),
    outputError: relativeError(addedSums(costs.map(({ output }) => output))),
    bytes,
    bitsPerWeight: (8 * bytes) / sum((one) => one.elements),
    quantizeMs: sum((one) => one.quantizeMs),
    multiplyMs: sum((one) => one.multiplyMs),
    done: costs.length,
    layers: those.length,
    ...(refused && 'why' in refused ? { why: refused.why } : {}),
  };
}
