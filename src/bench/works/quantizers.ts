import { type MlxParams, mlxQuantize } from '../../vocabulary/quant/mlx_quantize.ts';
import { type QuantoParams, quantoQuantize } from '../../vocabulary/quant/quanto_quantize.ts';
import { opWork } from '../op-work.ts';
import type { OpWork } from '../work.ts';

/** Rows and columns of a weight. */
const ROWS = 1024;
const COLS = 1024;
const ELEMENTS = ROWS * COLS;

/** Bytes of all outputs: codes, scales (and biases or shifts) of so many bytes, what they decode to. */
const written = (bytesOfCodes: number, groups: number, bytesOfScale: number) =>
  bytesOfCodes + groups * bytesOfScale + 4 * ELEMENTS;

const weight = { inputs: { weight: [ROWS, COLS] }, flops: 3 * ELEMENTS, group: 'ops' } as const;

function mlx(params: MlxParams): OpWork {
  const { mode, bits, group_size: block } = params;
  const groups = ELEMENTS / block;
  return opWork({
    ...weight,
    op: mlxQuantize,
    sizes: { mode, bits, n: ELEMENTS, block },
    params,
    gives: written((ELEMENTS * bits) / 8, groups, mode === 'affine' ? 8 : 1),
  });
}

function quanto(params: QuantoParams): OpWork {
  const { qtype, axis, group_size: block } = params;
  const isAffine = block !== undefined;
  const packed = qtype === 'qint2' ? ELEMENTS / 4 : qtype === 'qint4' ? ELEMENTS / 2 : 0;
  return opWork({
    ...weight,
    op: quantoQuantize,
    sizes: { qtype, axis, n: ELEMENTS, ...(isAffine ? { block } : {}) },
    params,
    gives: isAffine
      ? written(packed + ELEMENTS, ELEMENTS / block, 8)
      : written(ELEMENTS, axis === 0 ? ROWS : COLS, 4),
  });
}

/** Weights quantized as MLX and Quanto do. */
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
];
