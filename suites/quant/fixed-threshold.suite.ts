import { ternarize } from '../../src/ops/quant/ternarize.ts';
import { ternaryPack } from '../../src/ops/quant/ternary_pack.ts';
import { transpose } from '../../src/ops/shape/transpose.ts';
import { type HostTensor, hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import type { Shape } from '../../src/tensor/shape.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { type Fault, faultsOf } from '../../src/testing/fault.ts';
import { parseShape, suite } from '../../src/testing/suite.ts';
import { fixedThreshold, tritOf } from './trits.ts';
import { normals, value } from './values.ts';

export const fixed = suite('quant.fixed-threshold', {
  description: 'Trits of a threshold that is given: of every shape, and exactly at the threshold',
});

/** The threshold of the original suite, as float32 has it. */
const THRESHOLD = Math.fround(0.33);

const LOWER: readonly Fault[] = faultsOf((fault) =>
  fault.shader('quant/ternary_encode', 'abs(x) > limit', 'abs(x) > 0.75 * limit'),
);

async function expectTrits(t: CaseContext, host: HostTensor): Promise<void> {
  using weight = Tensor.from(t.gpu, host);
  using threshold = Tensor.from(t.gpu, fixedThreshold(THRESHOLD));
  using trits = ternarize.forward(t.gpu, { weight, threshold }, {}).trits;
  const expected = valuesOf(host).map((w) => tritOf(w, THRESHOLD));
  t.expectEqual('trits', value(await trits.read()), { shape: host.shape, data: expected });
}

fixed
  .case('matrix')
  .covers('triton.quantization.single-tensor/trits-equal')
  .desc(
    'A matrix of 100 x 100 normal numbers, the last of them -1, at 0.33: each trit is that of the definition.',
  )
  .control('a threshold three quarters as large', LOWER)
  .run((t) => {
    const { shape, data } = normals(t, [100, 100]);
    return expectTrits(t, hostTensorFrom('f32', shape, [...data.slice(0, -1), -1]));
  });

/** The float32 one step further from zero, or nearer. */
function step(x: number, by: 1 | -1): number {
  const bits = new Int32Array(Float32Array.of(x).buffer);
  bits[0] = (bits[0] as number) + by;
  return new Float32Array(bits.buffer)[0] as number;
}

fixed
  .case('ties')
  .covers('triton.quantization.single-tensor/ties-to-zero')
  .desc(
    'What lies exactly on the threshold or on its negative is 0, as both zeros are; a step further it is not.',
  )
  .control('what lies on the threshold is kept', (fault) =>
    fault.shader('quant/ternary_encode', 'abs(x) > limit', 'abs(x) >= limit'),
  )
  .run(async (t) => {
    const above = step(THRESHOLD, 1);
    const below = step(THRESHOLD, -1);
    const weights = [THRESHOLD, -THRESHOLD, -0, 0, above, -above, below, -below];
    using weight = Tensor.from(t.gpu, hostTensorFrom('f32', [8], weights));
    using threshold = Tensor.from(t.gpu, fixedThreshold(THRESHOLD));
    using trits = ternarize.forward(t.gpu, { weight, threshold }, {}).trits;
    const expected = { shape: [8], data: Float64Array.of(0, 0, 0, 0, 1, -1, 0, 0) };
    t.expectEqual('trits', value(await trits.read()), expected);
  });

fixed
  .case('small', { weight: ['3x3', '1x1', '1'] })
  .covers('triton.quantization.small-tensor/trits-equal')
  .desc(
    'A tensor smaller than a word of trits, or hardly larger: its trits are those of the definition.',
  )
  .control('every trit a minus one', (fault) =>
    fault.shader('quant/ternary_encode', 'trits[out] = word;', 'trits[out] = ~0u;'),
  )
  .run((t) => expectSpread(t, parseShape(String(t.params['weight']))));

/** Trits of normal weights behind a first weight of 0.5, 0.1 and -0.5. */
async function expectSpread(t: CaseContext, shape: Shape): Promise<void> {
  const { data } = normals(t, shape);
  for (const first of [0.5, 0.1, -0.5])
    await expectTrits(t, hostTensorFrom('f32', shape, [first, ...data.slice(1)]));
}

const PACKED_BYTES: Readonly<Record<string, number>> = { '3x3': 3, '1x1': 1, '1': 1 };

fixed
  .case('small-packed', { weight: Object.keys(PACKED_BYTES) })
  .covers('triton.quantization.small-tensor/packed-sizes')
  .desc('Nine trits are packed into three bytes, a single one into one.')
  .control('room for one trit more than the byte has', (fault) =>
    fault.host('ternary_pack.forward', (pack) => (gpu, { trits }, ...rest) => {
      const { packed } = pack(gpu, { trits }, ...rest);
      packed[Symbol.dispose]();
      return { packed: Tensor.empty(gpu, 'u8', [Math.ceil((trits.size + 4) / 4)]) };
    }),
  )
  .run(async (t) => {
    const shape = String(t.params['weight']);
    using weight = Tensor.from(t.gpu, normals(t, parseShape(shape)));
    using threshold = Tensor.from(t.gpu, fixedThreshold(THRESHOLD));
    using trits = ternarize.forward(t.gpu, { weight, threshold }, {}).trits;
    using packed = ternaryPack.forward(t.gpu, { trits }, {}).packed;
    const bytes = (await packed.read()).data.length;
    t.expect(bytes === PACKED_BYTES[shape], () => `${shape} takes ${bytes} bytes`);
  });

fixed
  .case('vectors', { weight: ['128', '127', '1'] })
  .covers('triton.quantization.tensor-1d/trits-equal')
  .desc('Vectors that fill their words of trits, and that do not: the trits of the definition.')
  .control('every trit a minus one', (fault) =>
    fault.shader('quant/ternary_encode', 'trits[out] = word;', 'trits[out] = ~0u;'),
  )
  .run((t) => expectSpread(t, parseShape(String(t.params['weight']))));

fixed
  .case('shapes', { weight: ['10x10', '32x64', '128x256', '5x7x9'] })
  .covers('triton.quantization.preserves-shape/four-shapes')
  .desc('The trits have the shape of the weight, element for element.')
  .control('the trits of the transposed shape', (fault) =>
    fault.host('ternarize.forward', (original) => (...args) => {
      const { trits } = original(...args);
      const flat = Tensor.empty(trits.gpu, 'i8', [trits.size]);
      flat.copyFrom(trits);
      trits[Symbol.dispose]();
      return { trits: flat };
    }),
  )
  .run((t) => expectTrits(t, normals(t, parseShape(String(t.params['weight'])))));

/** Of a matrix whose columns are seen with strides: the rows, those before the view, its columns. */
const ROWS = 9;
const SKIPPED = 2;
const COLUMNS = 32;

/** A scalar, sizes of one, and more rows than a dispatch has workgroups in one dimension. */
const EDGES: Readonly<Record<string, Shape>> = {
  scalar: [],
  'one-row': [1, 5],
  'one-column': [5, 1],
  ones: [1, 1, 7, 1],
  'many-rows': [65_537, 2],
};

fixed
  .case('edge-shapes', { weight: Object.keys(EDGES) })
  .covers('triton.quantization.preserves-shape/edge-shapes')
  .desc(
    'Trits of a scalar, of sizes of one and of 65,537 rows have the shape of the weight, element for element.',
  )
  .control('one dimension too many', (fault) =>
    fault.host('ternarize.forward', (original) => (...args) => {
      const { trits } = original(...args);
      const deeper = Tensor.empty(trits.gpu, 'i8', [1, ...trits.shape]);
      deeper.copyFrom(trits);
      trits[Symbol.dispose]();
      return { trits: deeper };
    }),
  )
  .run((t) => expectTrits(t, normals(t, EDGES[t.params.weight] as Shape)));

fixed
  .case('strided-view')
  .covers('triton.quantization.preserves-shape/strided-view')
  .desc(
    'Trits of every other column of a matrix from its third row on, seen as a view with its dimensions exchanged, are those of the contiguous copy.',
  )
  .control('the view is read as it lies in memory', (fault) =>
    fault.launch('transpose.forward', ([gpu, inputs, , ...rest]) => [
      gpu,
      inputs,
      { perm: [0, 1, 2] },
      ...rest,
    ]),
  )
  .run(async (t) => {
    const host = normals(t, [ROWS, 2 * COLUMNS]);
    using whole = Tensor.from(t.gpu, host);
    using threshold = Tensor.from(t.gpu, fixedThreshold(THRESHOLD));
    // Rows begin at multiples of 256 bytes; a row is pairs, whose first numbers are looked at.
    const rows = ROWS - SKIPPED;
    const pairs = whole.view([rows, COLUMNS, 2], { offset: SKIPPED * 2 * COLUMNS * 4 });
    using exchanged = transpose.forward(t.gpu, { x: pairs }, { perm: [2, 1, 0] }).y;
    const view = exchanged.view([COLUMNS, rows]);
    using trits = ternarize.forward(t.gpu, { weight: view, threshold }, {}).trits;
    const data = valuesOf(host);
    const at = (column: number, row: number) =>
      data[(row + SKIPPED) * 2 * COLUMNS + 2 * column] as number;
    const copy = Array.from({ length: COLUMNS * rows }, (_, i) =>
      at(Math.floor(i / rows), i % rows),
    );
    using weight = Tensor.from(t.gpu, hostTensorFrom('f32', [COLUMNS, rows], copy));
    using ofCopy = ternarize.forward(t.gpu, { weight, threshold }, {}).trits;
    t.expectEqual('trits', value(await trits.read()), value(await ofCopy.read()));
  });
