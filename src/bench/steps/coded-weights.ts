import { blockFormatOf } from '../../quant/registry.ts';
import type { QuantizedWeight } from '../../quant/weight.ts';
import type { StepOf } from '../work.ts';
import { BLOCK, dense, parameterShapes } from './shapes.ts';

const FORMAT = blockFormatOf('nf4');
const CODES = `.${FORMAT.parts.codes}`;
const SCALES = `.${FORMAT.parts.scales}`;

/** Weights by name, where the codes and scales of a base are one weight each. */
export function withCodedWeights<T>(
  step: StepOf,
  weights: Readonly<Record<string, T>>,
): Readonly<Record<string, T | QuantizedWeight<T>>> {
  const shapes = parameterShapes(dense(step));
  const all: Record<string, T | QuantizedWeight<T>> = {};
  for (const [name, value] of Object.entries(weights)) {
    const coded = name.slice(0, -CODES.length);
    if (name.endsWith(CODES)) all[coded] = codedWeight(value, coded);
    else if (!name.endsWith(SCALES)) all[name] = value;
  }
  return all;

  function codedWeight(codes: T, name: string): QuantizedWeight<T> {
    const scales = weights[`${name}${SCALES}`] as T;
    const parts = { [FORMAT.parts.codes]: codes, [FORMAT.parts.scales]: scales };
    return { format: FORMAT, blocksize: BLOCK, shape: shapes[name] ?? [], parts };
  }
}
