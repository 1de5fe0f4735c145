import { Tape } from '../../src/autograd/tape.ts';
import { float64Of, type StoredTensor } from '../../src/formats/safetensors/stored.ts';
import { Scope } from '../../src/gpu/scope.ts';
import { dequantizeLinear } from '../../src/ops/quant/dequantize_linear.ts';
import { quantizeLinear } from '../../src/ops/quant/quantize_linear.ts';
import { quantoLinear } from '../../src/ops/quant/quanto_linear.ts';
import { multiplied, type Parts } from '../../src/quantizer/coding.ts';
import { EPS } from '../../src/reference/bounds.ts';
import { type HostTensor, hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { controlOf } from '../../src/testing/parity.ts';
import { suite } from '../../src/testing/suite.ts';
import { quantizerOf } from '../quantizer/drawn.ts';
import { type Golden, goldenOf } from './goldens/golden.ts';
import { expectSameCodes, judgeGolden, oursOf } from './goldens/judged.ts';

export const quanto = suite('quant.quanto', {
  description: 'Codes, scales and outputs of layers beside those that optimum-quanto gave',
});

const ROW = 'fsdp.quantization.parity-quanto';
const TYPES = ['qint8', 'qint4'] as const;

const REVERSED = controlOf('quanto_quantize');

quanto
  .case('codes', { qtype: TYPES })
  .tier('full')
  .covers(`${ROW}/codes-outside-band`)
  .desc(
    'Codes of eight bits and of four are those of Quanto: everywhere where the probe shows IEEE, else outside the band around the middle of two steps of the scale that was produced.',
  )
  .control(REVERSED.name, REVERSED.faults)
  .run(async (t) => expectSameCodes(t, await judgeGolden(t, `quanto-${t.params.qtype}`)));

quanto
  .case('scales', { qtype: TYPES })
  .tier('full')
  .covers(`${ROW}/scales-4-eps`)
  .desc('The scale of each row, or of each group of 128, is within 4 eps of that of Quanto.')
  .control('scales larger by a thousandth', (fault) =>
    fault.shader('quant/quanto_scale', 'range / sizes.levels', '1.001 * range / sizes.levels'),
  )
  .run(async (t) => {
    const golden = await goldenOf(t, `quanto-${t.params.qtype}`);
    const { scale } = await oursOf(t, golden);
    const { shape } = scale as HostTensor;
    const data = float64Of(golden.outputs['scale'] as StoredTensor);
    const bound = data.map((x) => 4 * EPS * x);
    const actual = { shape, data: valuesOf(scale as HostTensor) };
    t.expectAccepted('scale', actual, { shape, data }, { kind: 'within', bound });
  });

/** How near outputs must be to those of torch. */
const MOST = 1e-3;

/** The quantizer of each type of weights. */
const METHODS = {
  qint8: { method: 'quanto_int8' },
  qint4: { method: 'quanto_int', bits: 4, groupSize: 128 },
} as const;

/** Asserts that each activation has one code, whatever an adapter's division is. */
function requireDecided(t: CaseContext, x: HostTensor, scale: number): void {
  const isTie = (level: number) =>
    Math.abs(level - Math.floor(level) - 0.5) < 8 * EPS * Math.abs(level);
  const ties = valuesOf(x).filter((value) => isTie(value / scale)).length;
  t.expect(ties === 0, () => `${ties} activations lie between two codes`);
}

quanto
  .case('linear', { weights: TYPES, activations: ['none', 'qint8'] })
  .tier('full')
  .covers(`${ROW}/linear-output`)
  .desc(
    "Outputs of a linear layer with weights of eight bits and of four, and with activations in floats and in eight bits by the scale of Quanto's calibration, are within 1e-3 of those of its QLinear.",
  )
  .control('scales of half their size', (fault) =>
    fault.shader('quant/quanto_scale', 'range / sizes.levels', 'range / (2.0 * sizes.levels)'),
  )
  .run(async (t) => {
    const { weights, activations } = t.params;
    const golden = await goldenOf(t, `quanto-linear-${weights}-${activations}`);
    const { shape } = golden.outputs['y'] as StoredTensor;
    const data = float64Of(golden.outputs['y'] as StoredTensor);
    const bound = data.map(() => MOST);
    const actual = { shape, data: await outputsOf(t, golden) };
    t.expectAccepted('y', actual, { shape, data }, { kind: 'within', bound });
  });

/** What our layer gives for a golden of Quanto's. */
async function outputsOf(
  t: CaseContext,
  { inputs, outputs, params }: Golden,
): Promise<Float64Array> {
  const options = METHODS[params['weights'] as keyof typeof METHODS];
  const host = inputs['x'] as HostTensor;
  using scope = new Scope();
  const upload = (given: HostTensor) => scope.add(Tensor.from(t.gpu, given));
  const weight = upload(inputs['weight'] as HostTensor);
  const x = upload(host);
  using tape = new Tape(t.gpu);
  const quantized = quantizerOf(t, options).quantizeWeight(tape, weight, 'fc');
  const parts = scope.addAll(quantized.parts as Readonly<Record<string, Tensor>>);
  const recorded = outputs['x_scale'];
  if (!recorded) return valuesOf(await multiplied(tape, quantized, x, 'fc').read());
  const found = float64Of(recorded);
  requireDecided(t, host, found[0] as number);
  const scale = upload(hostTensorFrom('f32', [1], found));
  if (params['weights'] === 'qint4') {
    const { q } = tape.apply(quantizeLinear, { x, scale }, { dtype: 'int8' }, 'x');
    const decoded = tape.apply(dequantizeLinear, { q, scale }, {}, 'x').y;
    return valuesOf(await multiplied(tape, quantized, decoded, 'fc').read());
  }
  const operands = { x, ...(parts as Parts<'q' | 'scale'>), input_scale: scale };
  return valuesOf(await tape.apply(quantoLinear, operands, {}, 'fc').y.read());
}
