import { float64Of, type StoredTensor } from '../../src/formats/safetensors/stored.ts';
import { packing } from '../../src/quant/packing/packing.ts';
import { storageStep } from '../../src/reference/bounds.ts';
import { packWords, unpackWords } from '../../src/reference/quant/packed-words.ts';
import { type HostTensor, valuesOf } from '../../src/tensor/host.ts';
import { CaseContext } from '../../src/testing/context.ts';
import { controlOf } from '../../src/testing/parity.ts';
import { suite } from '../../src/testing/suite.ts';
import { goldenOf } from './goldens/golden.ts';
import { expectSameCodes, judgeGolden, oursOf } from './goldens/judged.ts';

export const mlx = suite('quant.mlx', {
  description: "MLX's affine codes, and products with them, beside those that MLX gave",
});

const ROW = 'fsdp.quantization.parity-mlx';
const GRID = { bits: [2, 4, 8], group: [32, 64, 128] } as const;

const LOWEST_BIT = controlOf('mlx_quantize');

/** The case as an adapter runs it whose division is not exact, evidence shared. */
const onAnyAdapter = ({ gpu, seed, evidence }: CaseContext): CaseContext =>
  new CaseContext({ gpu, ieee: false, seed, injects: [] }, {}, evidence);

const numbersOf = (stored: StoredTensor | undefined) => float64Of(stored as StoredTensor);

mlx
  .case('words', GRID)
  .tier('full')
  .covers(`${ROW}/words-equal`)
  .desc(
    'Words, scales and biases are those of MLX, bit for bit where the probe shows exact division, and elsewhere right by the float64 oracle, which judges both.',
  )
  .control(LOWEST_BIT.name, LOWEST_BIT.faults)
  .run(async (t) => {
    const judged = await judgeGolden(t, `mlx-${t.params.bits}-${t.params.group}`);
    expectSameCodes(t, judged);
    if (!t.ieee) return;
    for (const name of ['scales', 'biases']) {
      const { shape } = judged.golden.outputs[name] as StoredTensor;
      const expected = { shape, data: numbersOf(judged.golden.outputs[name]) };
      const actual = { shape, data: valuesOf(judged.ours[name] as HostTensor) };
      t.expectEqual(name, actual, expected);
    }
  });

mlx
  .case('scales', GRID)
  .tier('full')
  .covers(`${ROW}/scales-1-ulp`)
  .desc(
    'Each scale is within a unit in the last place of halves of that of MLX, or its edge is one step more or less away from zero.',
  )
  .control('scales larger by a hundredth', (fault) =>
    fault.shader('quant/mlx_affine', 'Line(edge / steps, edge)', 'Line(1.01 * edge / steps, edge)'),
  )
  .run(async (t) => {
    const golden = await goldenOf(t, `mlx-${t.params.bits}-${t.params.group}`);
    const ours = await oursOf(t, golden);
    const scales = valuesOf(ours['scales'] as HostTensor);
    const edges = numbersOf(golden.outputs['biases']);
    for (const [g, expected] of numbersOf(golden.outputs['scales']).entries()) {
      const scale = scales[g] as number;
      const isNear = Math.abs(scale - expected) <= storageStep(expected, 'f16');
      const steps = (of: number) => Math.round((edges[g] as number) / of);
      const isNeighbour = !t.ieee && Math.abs(steps(scale) - steps(expected)) === 1;
      t.expect(isNear || isNeighbour, () => `scale ${g} is ${scale}, and MLX's ${expected}`);
    }
  });

mlx
  .case('codes', GRID)
  .tier('full')
  .covers(`${ROW}/codes-outside-band`)
  .desc(
    'Judged as on an adapter whose division is not exact, every code is right by the scale that was produced, but for neighbours in its band.',
  )
  .control(LOWEST_BIT.name, LOWEST_BIT.faults)
  .run(async (t) => {
    await judgeGolden(onAnyAdapter(t), `mlx-${t.params.bits}-${t.params.group}`);
  });

mlx
  .case('packing', { bits: GRID.bits })
  .tier('full')
  .covers(`${ROW}/packing-equal`)
  .desc(
    'Whole numbers whose codes no rounding moves are packed into the words of MLX, on the device and on the host.',
  )
  .control(LOWEST_BIT.name, LOWEST_BIT.faults)
  .run(async (t) => {
    const golden = await goldenOf(t, `mlx-${t.params.bits}-given`);
    const { packed } = await oursOf(t, golden);
    const { shape } = golden.outputs['packed'] as StoredTensor;
    const expected = { shape, data: numbersOf(golden.outputs['packed']) };
    t.expectEqual('packed', { shape, data: valuesOf(packed as HostTensor) }, expected);
    const layout = packing(t.params.bits);
    const codes = Float64Array.from(unpackWords(expected.data, 256, layout));
    const top = 2 ** t.params.bits - 1;
    const given = valuesOf(golden.inputs['weight'] as HostTensor).map((w) => top - w);
    t.expectEqual('codes', { shape: [256], data: codes }, { shape: [256], data: given });
    t.expectEqual('packed on the host', { shape, data: packWords(codes, layout) }, expected);
  });

mlx
  .case('matmul', GRID)
  .tier('full')
  .covers(`${ROW}/quantized-matmul`)
  .desc('The product of floats with the quantized weight is within 1e-3 of quantized_matmul.')
  .control('biases taken off', (fault) =>
    fault.shader('quant/mlx_affine', 'STORAGE) + stored.y', 'STORAGE) - stored.y'),
  )
  .run(async (t) => {
    const golden = await goldenOf(t, `mlx-product-${t.params.bits}-${t.params.group}`);
    const { y } = await oursOf(t, golden);
    const { shape } = golden.outputs['y'] as StoredTensor;
    const data = numbersOf(golden.outputs['y']);
    const bound = data.map(() => 1e-3);
    const actual = { shape, data: valuesOf(y as HostTensor) };
    t.expectAccepted('y', actual, { shape, data }, { kind: 'within', bound });
  });
