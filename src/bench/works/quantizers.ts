import { GGUF_TYPES, type GgufType } from '../../quant/gguf/types.ts';
import { drawnBlocks } from '../../reference/quant/gguf-drawn-blocks.ts';
import { ggufDequantize } from '../../vocabulary/quant/gguf_dequantize.ts';
import { ggufQuantize } from '../../vocabulary/quant/gguf_quantize.ts';
import { type MlxParams, mlxQuantize } from '../../vocabulary/quant/mlx_quantize.ts';
import { type QuantoParams, quantoQuantize } from '../../vocabulary/quant/quanto_quantize.ts';
import { operand, opWork } from '../op-work.ts';
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

/** Bytes of all blocks of a type. */
const blockBytes = (type: GgufType) =>
  (ELEMENTS / GGUF_TYPES[type].elements) * GGUF_TYPES[type].bytes;

function toGguf(quant_type: 'q4_0' | 'q8_0'): OpWork {
  return opWork({
    ...weight,
    op: ggufQuantize,
    sizes: { quant_type, n: ELEMENTS },
    params: { quant_type },
    gives: blockBytes(quant_type),
  });
}

function fromGguf(quant_type: GgufType): OpWork {
  const { elements, bytes } = GGUF_TYPES[quant_type];
  const blocks = COLS / elements;
  return opWork({
    op: ggufDequantize,
    sizes: { quant_type, n: ELEMENTS },
    params: { quant_type },
    inputs: {
      packed: operand([ROWS, blocks * bytes], 'u8', (random) =>
        drawnBlocks(random, quant_type, [ROWS], blocks, (source) => source.normal(0.01)),
      ),
    },
    gives: { y: [ROWS, COLS] },
    flops: 2 * ELEMENTS,
    group: 'ops',
  });
}

/** Weights quantized as MLX, Quanto and GGUF's library do, and blocks of GGUF's read. */
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
  toGguf('q4_0'),
  toGguf('q8_0'),
  ...(['q4_0', 'q8_0', 'q4_k', 'q5_k', 'q6_k'] as const).map(fromGguf),
];
