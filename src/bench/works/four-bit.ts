import { blockFormatOf } from '../../quant/registry.ts';
import { hostTensor } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';
import { repeated } from '../../testing/normals.ts';
import { signatureOf } from '../../vocabulary/registry.ts';
import { linearInFloats, type Operand, operand, opWork } from '../op-work.ts';
import type { OpWork } from '../work.ts';

type Name = 'nf4' | 'fp4';

/**
 * Codes of -1, 0 and 1 alone: of these a linear format of 4 bits holds the very same weight, so that
 * one oracle judges all who multiply by either. Time does not depend on the values.
 */
function drawCodes(name: Name) {
  const values = Array.from(blockFormatOf(name).values);
  const whole = [-1, 0, 1].map((value) => values.indexOf(value));
  return (random: Random, shape: Shape) => {
    const code = () => whole[random.integer(0, 2)] as number;
    const data = Uint8Array.from({ length: sizeOf(shape) }, () => code() * 16 + code());
    return hostTensor('u8', shape, data);
  };
}

const scales = (random: Random, shape: Shape) =>
  repeated(random, shape, () => random.uniform(0.25, 4));

/** Codes and scales of so many elements. */
export function fourBit(
  elements: number,
  blocksize: number,
  name: Name = 'nf4',
): Readonly<Record<string, Operand>> {
  return {
    packed: operand([elements / 2, 1], 'u8', drawCodes(name)),
    absmax: operand([Math.ceil(elements / blocksize)], 'f32', scales),
  };
}

const { name: quant_type, ops } = blockFormatOf('nf4');
const multiply = signatureOf(ops.multiply.op);
const dequantize = signatureOf(ops.dequantize);

interface Product {
  readonly rows: number;
  readonly features: readonly [inFeatures: number, outFeatures: number];
  readonly blocksize: number;
  readonly name?: Name;
  /** Inputs whose gradients are computed too: x alone has one. */
  readonly wants?: readonly 'x'[];
}

/** y = x W^T of `rows` rows with a weight in NF4 or FP4. */
export function product({ rows, features, blocksize, name = 'nf4', wants }: Product): OpWork {
  const [in_features, out_features] = features;
  return opWork({
    op: multiply,
    dtype: name,
    sizes: { m: rows, n: out_features, k: in_features, block: blocksize },
    ...{ group: '4-bit products', subgroup: `block=${blocksize}` },
    ...(wants ? {} : { inFloats: linearInFloats(rows, out_features, in_features) }),
    quick: name === 'nf4' && in_features === 1024 && blocksize === 64 && rows === 1,
    flops: (wants ? 4 : 2) * rows * in_features * out_features,
    params: { quant_type: name, blocksize, out_features, in_features },
    inputs: { x: [rows, in_features], ...fourBit(in_features * out_features, blocksize, name) },
    gives: { y: [rows, out_features] },
    ...(wants && { wants }),
  });
}

const ELEMENTS = 2 ** 22;

const FEATURES = [
  [1024, 1024],
  [512, 1376],
] as const;

/** Products with weights in NF4 and FP4, and the weight restored. */
export const works: readonly OpWork[] = [
  ...FEATURES.flatMap((features) =>
    [1, 8, 64, 512].flatMap((rows) =>
      [32, 64, 128].map((blocksize) => product({ rows, features, blocksize })),
    ),
  ),
  ...[1, 64].map((rows) => product({ rows, features: FEATURES[0], blocksize: 64, name: 'fp4' })),
  opWork({
    op: dequantize,
    dtype: quant_type,
    sizes: { n: ELEMENTS, block: 64 },
    group: 'streams',
    quick: true,
    flops: ELEMENTS,
    params: { quant_type, blocksize: 64, shape: [ELEMENTS] },
    inputs: fourBit(ELEMENTS, 64),
    gives: { y: [ELEMENTS] },
    lookUps: ELEMENTS,
  }),
];
