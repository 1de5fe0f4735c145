import { sizeOf } from '../../tensor/shape.ts';
import { signatureOf } from '../../vocabulary/registry.ts';
import { opWork } from '../op-work.ts';
import type { OpWork } from '../work.ts';
import { BITS } from './ops/bits.ts';
import { CONV } from './ops/conv.ts';
import { MATH } from './ops/math.ts';
import { NN } from './ops/nn.ts';
import { OPTIM } from './ops/optim.ts';
import { QUANT } from './ops/quant.ts';
import { SHAPE } from './ops/shape.ts';

/**
 * Works for the ops that no other file has one for, at a size that is natural to each: rows of a
 * layer for what goes through elements, a layer's parameters for what updates them.
 */
export const works: readonly OpWork[] = Object.entries({
  ...{ ...MATH, ...NN, ...SHAPE, ...CONV },
  ...{ ...OPTIM, ...QUANT, ...BITS },
}).map(([name, { each = 1, flops, sizes, params, inputs, ...others }]) => {
  const [first] = Object.values(inputs);
  const shape = first === undefined ? [] : 'shape' in first ? first.shape : first;
  return opWork({
    op: signatureOf(name),
    sizes: { x: shape.length === 0 ? 'none' : shape.join('x'), ...sizes },
    group: 'ops',
    flops: flops ?? each * sizeOf(shape),
    params: params ?? {},
    inputs,
    ...others,
  });
});
