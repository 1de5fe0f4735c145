import { type NbitsFormat, rowLayout } from '../../quant/nbits/layout.ts';
import { quantile } from '../../vocabulary/math/quantile.ts';
import { type MlxParams, mlxQuantize } from '../../vocabulary/quant/mlx_quantize.ts';
import { quantizeNbits } from '../../vocabulary/quant/quantize_nbits.ts';
import { type QuantoParams, quantoQuantize } from '../../vocabulary/quant/quanto_quantize.ts';
import { signatureOf } from '../../vocabulary/registry.ts';
import { opWork } from '../op-work.ts';
import type { OpWork } from '../work.ts';

/** Rows and columns of a weight: what stands beside other ops, and 4 Mi elements. */
const SIDE = 1024;
const LARGE = 2048;

/** Bytes of all outputs: codes, scales (and biases or shifts) of so many bytes, what they decode to. */
const written = (side: number, bytesOfCodes: number, groups: number, bytesOfScale: number) =>
  bytesOfCodes + groups * bytesOfScale + 4 * side ** 2;

const weightOf = (side: number) =>
  ({ inputs: { weight: [side, side] }, flops: 3 * side ** 2, group: 'ops' }) as const;

function mlx(params: MlxParams, side = SIDE): OpWork {
  const { mode, bits, group_size: block } = params;
  const n = side ** 2;
  return opWork({
    ...weightOf(side),
    op: mlxQuantize,
    sizes: { mode, bits, n, block },
    params,
    gives: written(side, (n * bits) / 8, n / block, mode === 'affine' ? 8 : 1),
  });
}

function quanto(params: QuantoParams, side = SIDE): OpWork {
  const { qtype, axis, group_size: block } = params;
  const n = side ** 2;
  const packed = qtype === 'qint2' ? n / 4 : qtype === 'qint4' ? n / 2 : 0;
  return opWork({
    ...weightOf(side),
    op: quantoQuantize,
    sizes: { qtype, axis, n, ...(block === undefined ? {} : { block }) },
    params,
    gives:
      block === undefined ? written(side, n, side, 4) : written(side, packed + n, n / block, 8),
  });
}

function nbits(params: NbitsFormat, side = SIDE): OpWork {
  const { bits, block_size: block } = params;
  const { zeroBytes } = rowLayout(side, params);
  const n = side ** 2;
  return opWork({
    ...weightOf(side),
    op: quantizeNbits,
    sizes: { bits, n, block },
    params,
    // It does not tell what codes decode to.
    gives: (n * bits) / 8 + (4 * n) / block + side * zeroBytes,
  });
}

/** Codes of 4 bits by bitsandbytes. */
function fourBit(quant_type: 'nf4' | 'fp4'): OpWork {
  const n = LARGE ** 2;
  const block = 64;
  return opWork({
    ...weightOf(LARGE),
    op: signatureOf('quantize_4bit'),
    dtype: quant_type,
    sizes: { n, block },
    params: { quant_type, blocksize: block },
    gives: written(LARGE, n / 2, n / block, 4),
  });
}

/** Codes of a row, and trits of a tensor. */
function ofTensor(op: 'ternary_quantize' | 'bitnet_quantize'): OpWork {
  const n = LARGE ** 2;
  const bytes = { ternary_quantize: n + n / 4 + 8, bitnet_quantize: n + 4 }[op];
  return opWork({
    ...weightOf(LARGE),
    op: signatureOf(op),
    sizes: { n },
    gives: written(LARGE, bytes, 0, 0),
  });
}

/** A threshold of ternary weights: the median magnitude, or a percentile. */
const threshold = (q: number): OpWork =>
  opWork({
    ...{ op: quantile, sizes: { n: LARGE ** 2, q }, group: 'ops', flops: 4 * LARGE ** 2 },
    params: { q, absolute: true },
    inputs: { x: [LARGE ** 2] },
    gives: { y: [1] },
  });

/** Weights quantized as the libraries do; of the larger one what has a scale for a group, a row or all. */
export const works: readonly OpWork[] = [
  mlx({ mode: 'affine', bits: 4, group_size: 64 }),
  mlx({ mode: 'affine', bits: 3, group_size: 64 }),
  mlx({ mode: 'affine', bits: 8, group_size: 128 }),
  mlx({ mode: 'mxfp4', bits: 4, group_size: 32 }),
  mlx({ mode: 'mxfp8', bits: 8, group_size: 32 }),
  mlx({ mode: 'nvfp4', bits: 4, group_size: 16 }),
  quanto({ qtype: 'qint4', axis: 0, group_size: 128 }),
  quanto({ qtype: 'qint4', axis: -1, group_size: 128 }),
  quanto({ qtype: 'qint8', axis: 0 }),
  quanto({ qtype: 'qfloat8_e4m3fn', axis: -1 }),
  quanto({ qtype: 'qfloat8_e4m3fnuz', axis: 0 }),
  nbits({ bits: 4, block_size: 32 }),
  nbits({ bits: 8, block_size: 128 }),
  ...(['nf4', 'fp4'] as const).map(fourBit),
  mlx({ mode: 'affine', bits: 4, group_size: 64 }, LARGE),
  mlx({ mode: 'mxfp4', bits: 4, group_size: 32 }, LARGE),
  quanto({ qtype: 'qint4', axis: 0, group_size: 128 }, LARGE),
  quanto({ qtype: 'qint8', axis: 0 }, LARGE),
  nbits({ bits: 4, block_size: 32 }, LARGE),
  ...(['ternary_quantize', 'bitnet_quantize'] as const).map(ofTensor),
  ...[0.5, 0.7].map(threshold),
];
