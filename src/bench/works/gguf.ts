import { GGUF_TYPES, type GgufType } from '../../quant/gguf/types.ts';
import { drawnBlocks } from '../../reference/quant/gguf-drawn-blocks.ts';
import { ggufMatmul } from '../../vocabulary/matmul/gguf_matmul.ts';
import { ggufDequantize } from '../../vocabulary/quant/gguf_dequantize.ts';
import { ggufQuantize } from '../../vocabulary/quant/gguf_quantize.ts';
import { operand, opWork } from '../op-work.ts';
import type { OpWork } from '../work.ts';

/** Rows and columns of a weight. */
const ROWS = 1024;
const COLS = 1024;
const ELEMENTS = ROWS * COLS;

/** A weight in blocks. */
function packed(type: GgufType) {
  const { elements, bytes } = GGUF_TYPES[type];
  const blocks = COLS / elements;
  return operand([ROWS, blocks * bytes], 'u8', (random) =>
    drawnBlocks(random, type, [ROWS], blocks, (source) => source.normal(0.01)),
  );
}

function quantized(quant_type: 'q4_0' | 'q8_0', rows: number): OpWork {
  const { elements, bytes } = GGUF_TYPES[quant_type];
  const n = rows * COLS;
  return opWork({
    op: ggufQuantize,
    sizes: { quant_type, n },
    params: { quant_type },
    inputs: { weight: [rows, COLS] },
    gives: (n / elements) * bytes,
    flops: 3 * n,
    group: 'ops',
  });
}

function read(quant_type: GgufType): OpWork {
  return opWork({
    op: ggufDequantize,
    sizes: { quant_type, n: ELEMENTS },
    params: { quant_type },
    inputs: { packed: packed(quant_type) },
    gives: { y: [ROWS, COLS] },
    flops: 2 * ELEMENTS,
    group: 'ops',
  });
}

function multiplied(quant_type: GgufType, m: number): OpWork {
  return opWork({
    op: ggufMatmul,
    sizes: { quant_type, m, n: ROWS, k: COLS },
    params: { quant_type },
    inputs: { x: [m, COLS], packed: packed(quant_type) },
    gives: { y: [m, ROWS] },
    flops: 2 * m * ELEMENTS,
    group: 'ops',
  });
}

/** Weights in GGUF's blocks: made, read, and multiplied by. */
export const works: readonly OpWork[] = [
  ...[ROWS, 4 * ROWS].flatMap((rows) =>
    (['q4_0', 'q8_0'] as const).map((type) => quantized(type, rows)),
  ),
  ...(['q4_0', 'q8_0', 'q4_k', 'q5_k', 'q6_k'] as const).map(read),
  ...([1, 8, 64] as const).flatMap((m) =>
    (['q4_0', 'q8_0', 'q4_k', 'q6_k', 'q5_0', 'q5_k'] as const).map((type) => multiplied(type, m)),
  ),
];
