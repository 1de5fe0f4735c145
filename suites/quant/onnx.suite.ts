import { dequantizeLinear } from '../../src/ops/quant/dequantize_linear.ts';
import { dequantizeNbits } from '../../src/ops/quant/dequantize_nbits.ts';
import { quantizeNbits } from '../../src/ops/quant/quantize_nbits.ts';
import { unpackCodes } from '../../src/ops/quant/unpack_codes.ts';
import { middleOf, type NbitsFormat, rowLayout } from '../../src/quant/nbits/layout.ts';
import { EPS } from '../../src/reference/bounds.ts';
import { drawNbitsWeight } from '../../src/reference/quant/nbits-weight.ts';
import { hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import type { Shape } from '../../src/tensor/shape.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';
import { ORT_BYTES } from './onnx-bytes.ts';

export const onnx = suite('quant.onnx', {
  description:
    "Weights for ONNX Runtime's MatMulNBits: the library's own bytes, and what codes stand for",
});

const BLOCK = 16;

/** Rows of two blocks and a third of another four. */
const SHAPE = [2, 36] as const;

/** Eighths, whose levels are not near the middle between two codes. */
const eighth = (i: number): number => {
  const x = (((i * 37) % 41) - 17) / 8;
  return i >= SHAPE[1] && i < SHAPE[1] + BLOCK ? Math.abs(x) : x;
};

/** The quantized weight, its parts read back. */
async function quantized(
  t: CaseContext,
  [shape, element]: readonly [Shape, (i: number) => number],
  params: NbitsFormat & { readonly symmetric: boolean },
) {
  const values = Float64Array.from(
    { length: (shape[0] as number) * (shape[1] as number) },
    (_, i) => element(i),
  );
  using weight = Tensor.from(t.gpu, hostTensorFrom('f32', shape, values));
  const parts = quantizeNbits.forward(t.gpu, { weight }, params);
  const [out_features, in_features] = shape as readonly [number, number];
  const { symmetric: _, ...format } = params;
  using packed = parts.packed;
  using scales = parts.scales;
  using zero_points = parts.zero_points;
  const weightOf = { packed, scales, ...(zero_points && { zero_points }) };
  using y = dequantizeNbits.forward(t.gpu, weightOf, { ...format, out_features, in_features }).y;
  return {
    values,
    packed: valuesOf(await packed.read()),
    scales: valuesOf(await scales.read()),
    zero_points: zero_points && valuesOf(await zero_points.read()),
    decoded: { shape, data: valuesOf(await y.read()) },
  };
}

const bytes = (hex: string) =>
  Float64Array.from(hex.match(/../g) ?? [], (byte) => Number(`0x${byte}`));

onnx
  .case('bytes', { of: Object.keys(ORT_BYTES) })
  .desc(
    'Codes and zero points are those that onnxruntime 1.31.1 made of the same weight, byte for byte, and scales are within three units of its own.',
  )
  .control('codes one too high', (fault) =>
    fault.shader('quant/nbits_codes', 'four * step.x + step.y', 'four * step.x + step.y + 1.0'),
  )
  .run(async (t) => {
    const expected = ORT_BYTES[t.params.of as keyof typeof ORT_BYTES];
    const { bits, symmetric } = expected;
    const { blocks, blockBytes, zeroBytes } = rowLayout(SHAPE[1], { bits, block_size: BLOCK });
    const params = { bits, block_size: BLOCK, symmetric } as const;
    const { packed, scales, zero_points } = await quantized(t, [SHAPE, eighth], params);
    const shape = [SHAPE[0], blocks, blockBytes];
    t.expectEqual('packed', { shape, data: packed }, { shape, data: bytes(expected.packed) });
    const data = Float64Array.from(expected.scales);
    const bound = data.map((scale) => 3.5 * EPS * Math.abs(scale));
    const each = [SHAPE[0], blocks];
    t.expectAccepted(
      'scales',
      { shape: each, data: scales },
      { shape: each, data },
      {
        kind: 'within',
        bound,
      },
    );
    if (symmetric || !zero_points) return;
    const row = [SHAPE[0], zeroBytes];
    const zeros = bytes(expected.zero_points);
    t.expectEqual('zero points', { shape: row, data: zero_points }, { shape: row, data: zeros });
  });

const GRID = { bits: [2, 4, 8], symmetric: ['no', 'yes'] } as const;

onnx
  .case('whole-steps', GRID)
  .tier('full')
  .desc(
    'A weight whose every element is a whole number of steps, a power of two, is decoded to what it was.',
  )
  .control('zero points one too high', (fault) =>
    fault.shader('quant/nbits_codes', 'vec2f(select(', 'vec2f(0.5 * select('),
  )
  .run(async (t) => {
    const { bits } = t.params;
    const symmetric = t.params.symmetric === 'yes';
    const top = 2 ** bits - 1;
    const random = t.random();
    const element = (i: number) => {
      const at = i % 37;
      const block = Math.floor(i / 37) * 3 + Math.floor(at / BLOCK);
      const zero = symmetric ? middleOf({ bits }) : block % (top + 1);
      const unit = 2 ** ((block % 9) - 4);
      // The ends of the range say what a step is.
      if (at % BLOCK === 0) return -zero * unit;
      if (at % BLOCK === 1) return (top - zero) * unit;
      return random.integer(-zero, top - zero) * unit;
    };
    const params = { bits, block_size: BLOCK, symmetric } as const;
    const { values, decoded } = await quantized(t, [[23, 37], element], params);
    const oracle = { shape: [23, 37], data: values };
    if (t.ieee) t.expectEqual('decoded', decoded, oracle);
    else {
      // A step is a quotient, which WGSL grants 2.5 units in the last place.
      const bound = values.map((value) => 4.5 * EPS * Math.abs(value));
      t.expectAccepted('decoded', decoded, oracle, { kind: 'within', bound });
    }
  });

onnx
  .case('zeros', GRID)
  .tier('full')
  .desc('What is 0 stays 0, with any numbers beside it in its block.')
  .control('zero points half a code off', (fault) =>
    fault.shader('quant/nbits_codes', 'four * step.x + step.y', 'four * step.x + step.y - 0.75'),
  )
  .run(async (t) => {
    const random = t.random();
    const element = (i: number) => (i % 3 === 1 ? 0 : random.normal(0.1) + ((i >> 4) % 3) - 1);
    const params = {
      bits: t.params.bits,
      block_size: BLOCK,
      symmetric: t.params.symmetric === 'yes',
    } as const;
    const { decoded } = await quantized(t, [[9, 51], element], params);
    const zeros = decoded.data.filter((_, i) => i % 3 === 1);
    const shape = [zeros.length];
    t.expectEqual('zeros', { shape, data: zeros }, { shape, data: new Float64Array(zeros.length) });
  });

onnx
  .case('linear', { bits: [2, 4, 8] })
  .desc(
    'Codes stand for what DequantizeLinear in blocks makes of them: of scales that are powers of two the same numbers exactly.',
  )
  .control('zero points of the row before', (fault) =>
    fault.shader('quant/dequantize_nbits', 'let i = row * sizes.zeros + b;', 'let i = b;'),
  )
  .run(async (t) => {
    const { bits } = t.params;
    const blocks = 8;
    const params = {
      bits,
      block_size: BLOCK,
      out_features: 5,
      in_features: BLOCK * blocks,
    } as const;
    const random = t.random();
    const host = drawNbitsWeight(random, params, {
      zeroPoints: 'codes',
      scale: () => 2 ** random.integer(-3, 3),
    });
    using packed = Tensor.from(t.gpu, host.packed);
    using scales = Tensor.from(t.gpu, host.scales);
    using zero_points = Tensor.from(t.gpu, host.zero_points as typeof host.packed);
    using y = dequantizeNbits.forward(t.gpu, { packed, scales, zero_points }, params).y;
    const unpacked = (tensor: Tensor, shape: Shape) =>
      unpackCodes.forward(t.gpu, { packed: tensor }, { bits, order: 'stream', shape }).codes;
    using q = unpacked(packed, [5, BLOCK * blocks]);
    // Eight blocks are whole bytes of zero points.
    using zero_point = unpacked(zero_points, [5, blocks]);
    const inBlocks = { axis: 1, block_size: BLOCK };
    using linear = dequantizeLinear.forward(t.gpu, { q, scale: scales, zero_point }, inBlocks).y;
    const read = async (tensor: Tensor) => ({
      shape: tensor.shape,
      data: valuesOf(await tensor.read()),
    });
    t.expectEqual('y', await read(y), await read(linear));
  });
