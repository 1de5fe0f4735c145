import type { OpRule } from './rules.ts';
import { formats } from './vocabulary/formats.ts';
import { linear } from './vocabulary/linear.ts';
import { nn } from './vocabulary/nn.ts';
import { onnx } from './vocabulary/onnx.ts';
import { quantize } from './vocabulary/quantize.ts';
import { train } from './vocabulary/train.ts';

/** Every op that a parity bundle may hold, whether or not this version can run it. */
export const vocabulary: ReadonlyMap<string, OpRule> = new Map<string, OpRule>(
  Object.entries({ ...linear, ...quantize, ...formats, ...nn, ...onnx, ...train }),
);
