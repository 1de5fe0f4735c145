import { signatureOf } from '../../vocabulary/registry.ts';
import { opWork } from '../op-work.ts';
import type { OpWork } from '../work.ts';

const BLOCK = 64;
const PASSES = 20;

/** A square weight as HQQLinear takes it, by so many passes of the solver as there are at most. */
function quantized(size: number, isLarge: boolean): OpWork {
  const n = size * size;
  return opWork({
    op: signatureOf('hqq_quantize'),
    sizes: { x: `${size}x${size}` },
    group: 'ops',
    isLarge,
    flops: 20 * PASSES * n,
    params: { nbits: 4, axis: 1, group_size: BLOCK, iters: PASSES },
    inputs: { weight: [size, size] },
    // Codes, packed and a byte each; scales and zeros; what the codes decode to.
    gives: n / 2 + n + (2 * 4 * n) / BLOCK + 4 * n,
  });
}

export const works: readonly OpWork[] = [quantized(1024, false), quantized(4096, true)];
