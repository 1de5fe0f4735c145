import { type NbitsFormat, rowLayout } from '../../quant/nbits/layout.ts';
import { type MlxParams, mlxQuantize } from '../../vocabulary/quant/mlx_quantize.ts';
import { quantizeNbits } from '../../vocabulary/quant/quantize_nbits.ts';
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

function nbits(params: NbitsFormat): OpWork {
  const { bits, block_size: block } = params;
  const { zeroBytes } = rowLayout(COLS, params);
  return opWork({
    ...weight,
    op: quantizeNbits,
    sizes: { bits, n: ELEMENTS, block },
    params,
    // It does not tell what codes decode to.
    gives: (ELEMENTS * bits) / 8 + (4 * ELEMENTS) / block + ROWS * zeroBytes,
  });
}

/** Weights quantized as MLX, Quanto and ONNX Runtime do. */
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
  nbits({ bits: 4, block_size: 32 }),
  nbits({ bits: 8, block_size: 128 }),
];
