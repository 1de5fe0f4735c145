import type { Initial } from '../../../src/models/initial.ts';
import { blockFormatOf } from '../../../src/quant/registry.ts';
import type { QuantizedWeight } from '../../../src/quant/weight.ts';
import { drawWeight } from '../../../src/reference/matmul/matmul_quantized.samples.ts';
import type { Random } from '../../../src/tensor/random.ts';
import { type Shape, sizeOf } from '../../../src/tensor/shape.ts';

export const FORMAT = 'nf4';
/** Not the default, and less than any weight here has. */
export const BLOCKSIZE = 32;
const CODES = 'packed';
const SCALES = 'absmax';

/** The weights, with those of `names` drawn anew as codes and scales: two values each. */
export function inFourBits(initial: Initial, names: readonly string[], random: Random): Initial {
  return initial.flatMap(([name, value]): Initial => {
    if (!names.includes(name)) return [[name, value]];
    const elements = sizeOf(value.shape);
    const options = { quant_type: FORMAT, blocksize: BLOCKSIZE, elements };
    const { packed, absmax } = drawWeight(random, 'legal', options);
    return [
      [`${name}.${CODES}`, packed],
      [`${name}.${SCALES}`, absmax],
    ];
  });
}

/** The same with codes and scales put together, as weights of these shapes. */
export function assembled<T extends object>(
  values: Readonly<Record<string, T>>,
  shapes: Readonly<Record<string, Shape>>,
): Readonly<Record<string, T | QuantizedWeight<T>>> {
  const rest: Record<string, T | QuantizedWeight<T>> = { ...values };
  for (const [name, shape] of Object.entries(shapes)) {
    const codes = `${name}.${CODES}`;
    const scales = `${name}.${SCALES}`;
    const { [codes]: packed, [scales]: absmax } = values;
    if (!packed || !absmax) continue;
    delete rest[codes];
    delete rest[scales];
    rest[name] = {
      format: blockFormatOf(FORMAT),
      blocksize: BLOCKSIZE,
      shape,
      parts: { [CODES]: packed, [SCALES]: absmax },
    };
  }
  return rest;
}
