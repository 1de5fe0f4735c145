import { Tape } from '../../src/autograd/tape.ts';
import { Layers } from '../../src/models/layers.ts';
import { matmul } from '../../src/ops/matmul/matmul.ts';
import { ternarize } from '../../src/ops/quant/ternarize.ts';
import { ternaryMatmul } from '../../src/ops/quant/ternary_matmul.ts';
import { ternaryPack } from '../../src/ops/quant/ternary_pack.ts';
import { depthOf } from '../../src/ops/variants.ts';
import { format } from '../../src/quant/ternary/format.ts';
import { packTrits } from '../../src/quant/ternary/trits.ts';
import type { QuantizedWeight } from '../../src/quant/weight.ts';
import { record } from '../../src/reference/quant/ternary_matmul.ts';
import type { Acceptance, Value } from '../../src/reference/record.ts';
import { type HostTensor, hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';
import { largerScalesOfTrits, lastTermsLeftOut } from '../matmul/every-tile.ts';
import { fixedThreshold, tritOf } from './trits.ts';
import { normals, value } from './values.ts';

export const packedLayers = suite('quant.packed-layer', {
  description: 'A linear layer 128 -> 256 with packed trits in the place of its weight',
});

const OUT = 256;
const IN = 128;
const ROWS = 9;
const LIMIT = Math.fround(0.33);

/** A layer of packed trits with a scale for all, its trits, and what frees it. */
function packedLayer(t: CaseContext, host: HostTensor, factor: number) {
  using weight = Tensor.from(t.gpu, host);
  using threshold = Tensor.from(t.gpu, fixedThreshold(LIMIT));
  using trits = ternarize.forward(t.gpu, { weight, threshold }, {}).trits;
  const { packed } = ternaryPack.forward(t.gpu, { trits }, {});
  const scale = Tensor.from(t.gpu, hostTensorFrom('f32', [1], [factor]));
  const layer: QuantizedWeight<Tensor> = { format, shape: [OUT, IN], parts: { packed, scale } };
  const dispose = () => {
    packed[Symbol.dispose]();
    scale[Symbol.dispose]();
  };
  return { layer, trits: valuesOf(host).map((w) => tritOf(w, LIMIT)), [Symbol.dispose]: dispose };
}

/** y of the layer, on a tape that owns it. */
function applied(tape: Tape, layer: QuantizedWeight<Tensor>, x: Tensor): Tensor {
  return new Layers(tape, { names: ['fc.weight'], view: () => layer }).linear('fc', x);
}

packedLayers
  .case('integers')
  .covers('triton.quantization.linear-layer/output-integer-exact')
  .desc(
    'Of whole numbers the layer gives exactly the product with the matrix of trits, as the product of f32 does and as the definition has it.',
  )
  .control('the last trits of a row left out', lastTermsLeftOut)
  .run(async (t) => {
    using packed = packedLayer(t, normals(t, [OUT, IN]), 1);
    const random = t.random(1);
    const xs = random.fill(ROWS * IN, () => random.integer(-8, 8));
    using x = Tensor.from(t.gpu, hostTensorFrom('f32', [ROWS, IN], xs));
    using tape = new Tape(t.gpu);
    const y = value(await applied(tape, packed.layer, x).read());
    using b = Tensor.from(t.gpu, hostTensorFrom('f32', [OUT, IN], packed.trits));
    using dense = matmul.forward(t.gpu, { a: x, b }, { transpose_b: true }).y;
    t.expectEqual('y', y, value(await dense.read()));
    const data = Float64Array.from({ length: ROWS * OUT }, (_, i) => {
      const row = Math.floor(i / OUT);
      const column = i % OUT;
      let sum = 0;
      for (let k = 0; k < IN; k++)
        sum += (xs[row * IN + k] as number) * (packed.trits[column * IN + k] as number);
      return sum;
    });
    t.expectEqual('y', y, { shape: [ROWS, OUT], data });
  });

packedLayers
  .case('floats')
  .covers('triton.quantization.linear-layer/output-within-bound')
  .desc('Of normal numbers, and with a scale, the output of the layer is within its bound.')
  .control('every product 1e-4 larger', largerScalesOfTrits)
  .run(async (t) => {
    using packed = packedLayer(t, normals(t, [OUT, IN]), 0.8);
    const random = t.random(1);
    const host = hostTensorFrom(
      'f32',
      [ROWS, IN],
      random.fill(ROWS * IN, () => random.normal()),
    );
    using x = Tensor.from(t.gpu, host);
    using tape = new Tape(t.gpu);
    const y = value(await applied(tape, packed.layer, x).read());
    const bytes = packTrits(packed.trits);
    const inputs = {
      x: value({ shape: [ROWS, IN], data: valuesOf(host) }),
      packed: value({ shape: [bytes.length], data: bytes }),
      scale: value({ shape: [1], data: [Math.fround(0.8)] }),
    };
    const params = { out_features: OUT };
    const oracle = record.forward(inputs, params);
    const arithmetic = { depth: depthOf(ternaryMatmul.variants['register']), ieee: false };
    const { y: acceptance } = record.acceptance(inputs, oracle, params, arithmetic);
    t.expectAccepted('y', y, oracle.y as Value, acceptance as Acceptance);
  });

packedLayers
  .case('memory')
  .covers('triton.quantization.linear-layer/never-dequantized')
  .desc(
    'While the layer runs over 1, 9 or 100 rows, the ledger grows by its output alone: no weight of 131,072 bytes is made.',
  )
  .control('the trits are expanded first', (fault) =>
    fault.host('ternary_matmul.forward', (original) => (gpu, ...rest) => {
      Tensor.empty(gpu, 'f32', [OUT, IN])[Symbol.dispose]();
      return original(gpu, ...rest);
    }),
  )
  .run(async (t) => {
    using packed = packedLayer(t, normals(t, [OUT, IN]), 1);
    const { memory } = t.gpu;
    for (const rows of [1, ROWS, 100]) {
      using x = Tensor.zeros(t.gpu, [rows, IN]);
      using tape = new Tape(t.gpu);
      memory.resetPeak();
      const before = memory.ledger.liveBytes;
      const y = applied(tape, packed.layer, x);
      const grown = memory.ledger.peakBytes - before;
      t.expect(
        grown === y.bytes,
        () => `${rows} rows took ${grown} bytes for ${y.bytes} of output`,
      );
      t.expect(y.bytes < OUT * IN * 4, () => `an output of ${y.bytes} bytes hides a whole weight`);
      t.metric(`bytes-of-${rows}`, grown);
      await y.read();
    }
  });
