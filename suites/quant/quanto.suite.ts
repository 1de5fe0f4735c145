import { Tape } from '../../src/autograd/tape.ts';
import { float64Of, type StoredTensor } from '../../src/formats/safetensors/stored.ts';
import { Scope } from '../../src/gpu/scope.ts';
import { multiplied } from '../../src/quantizer/coding.ts';
import { EPS } from '../../src/reference/bounds.ts';
import { type HostTensor, hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import type { FaultDeclaration } from '../../src/testing/fault.ts';
import { controlOf } from '../../src/testing/parity.ts';
import { suite } from '../../src/testing/suite.ts';
import type { ActivationType } from '../../src/vocabulary/quant/quanto_activation.ts';
import { quantizerOf } from '../quantizer/drawn.ts';
import { type Golden, goldenOf } from './goldens/golden.ts';
import { expectSameCodes, judgeGolden, oursOf } from './goldens/judged.ts';
import { METHODS, MOST, requireDecided } from './quanto-golden.ts';

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

const HALF_SCALES = 'scales of half their size';

function halfScales(fault: FaultDeclaration): void {
  fault.shader('quant/quanto_scale', 'range / sizes.levels', 'range / (2.0 * sizes.levels)');
}

quanto
  .case('linear', { weights: TYPES, activations: ['none', 'qint8'] })
  .tier('full')
  .covers(`${ROW}/linear-output`)
  .desc(
    "Outputs of a linear layer with weights of eight bits and of four, and with activations in floats and in eight bits by the scale of Quanto's calibration, are within 1e-3 of those of its QLinear.",
  )
  .control(HALF_SCALES, halfScales)
  .run(judgeLinear);

const FLOATS = ['qfloat8_e4m3fn', 'qfloat8_e4m3fnuz', 'qfloat8_e5m2'] as const;

for (const pairs of [
  { weights: TYPES, activations: FLOATS },
  { weights: ['qfloat8_e4m3fn', 'qint2'], activations: ['none', 'qint8', ...FLOATS] },
  { weights: ['qfloat8_e4m3fnuz'], activations: ['none', 'qfloat8_e4m3fnuz'] },
  { weights: ['qfloat8_e5m2'], activations: ['none'] },
])
  quanto
    .case('pairs', pairs)
    .tier('full')
    .desc(
      "Outputs of a linear layer with every other pair of weights and activations in codes, these by the scale of Quanto's calibration, are within 1e-3 of those of its QLinear.",
    )
    .control(HALF_SCALES, halfScales)
    .run(judgeLinear);

async function judgeLinear(
  t: CaseContext<{ readonly weights: string; readonly activations: string }>,
): Promise<void> {
  const { weights, activations } = t.params;
  const golden = await goldenOf(t, `quanto-linear-${weights}-${activations}`);
  const { shape } = golden.outputs['y'] as StoredTensor;
  const data = float64Of(golden.outputs['y'] as StoredTensor);
  const bound = data.map(() => MOST);
  const actual = { shape, data: await outputsOf(t, golden) };
  t.expectAccepted('y', actual, { shape, data }, { kind: 'within', bound });
}

/** What our layer gives for a golden of Quanto's, by the scale of activations that it tells. */
async function outputsOf(
  t: CaseContext,
  { inputs, outputs, params }: Golden,
): Promise<Float64Array> {
  const options = METHODS[params['weights'] as keyof typeof METHODS];
  const recorded = outputs['x_scale'];
  const activations = recorded && (params['activations'] as ActivationType);
  const host = inputs['x'] as HostTensor;
  using scope = new Scope();
  const upload = (given: HostTensor) => scope.add(Tensor.from(t.gpu, given));
  const weight = upload(inputs['weight'] as HostTensor);
  const x = upload(host);
  using tape = new Tape(t.gpu);
  const quantizer = quantizerOf(t, { ...options, activations });
  const quantized = quantizer.quantizeWeight(tape, weight, 'fc');
  const parts = scope.addAll(quantized.parts as Readonly<Record<string, Tensor>>);
  if (activations) {
    const found = float64Of(recorded);
    requireDecided(t, host, found[0] as number, activations);
    (parts['input_scale'] as Tensor).write(hostTensorFrom('f32', [1], found));
  }
  return valuesOf(await multiplied(tape, quantized, x, 'fc').read());
}
