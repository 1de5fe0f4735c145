import { Tape } from '../../src/autograd/tape.ts';
import { float64Of, type StoredTensor } from '../../src/formats/safetensors/stored.ts';
import type { Application } from '../../src/graph/call.ts';
import { Layers } from '../../src/models/layers.ts';
import type { DeviceWeight } from '../../src/quantizer/coding.ts';
import { QUANTO_TYPES } from '../../src/reference/quant/quanto-types.ts';
import { EXACT, exactly, rangesIn } from '../../src/reference/quant/ranges.ts';
import { type HostTensor, hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { judgeApplications } from '../../src/testing/judge-step.ts';
import { suite } from '../../src/testing/suite.ts';
import type { ActivationType } from '../../src/vocabulary/quant/quanto_activation.ts';
import { quantizerOf } from '../quantizer/drawn.ts';
import { SeparateValues } from '../quantizer/perceptron.ts';
import { goldenOf } from './goldens/golden.ts';
import { METHODS, MOST, requireDecided } from './quanto-golden.ts';

export const quantoLayers = suite('quant.quanto-layers', {
  description: 'Layers that give codes, and convolutions, beside those of optimum-quanto',
});

type Weights = keyof typeof METHODS;

/** Of a golden's pair its weights and its activations. */
const typesOf = (pair: string) => pair.split('-') as [Weights, ActivationType | 'none'];

quantoLayers
  .case('chain', {
    pair: [
      'qint8-qint8',
      'qint4-qint8',
      'qint8-qfloat8_e4m3fn',
      'qfloat8_e4m3fnuz-qfloat8_e4m3fnuz',
      'qint8-qfloat8_e5m2',
    ],
  })
  .tier('full')
  .desc(
    "Two linear layers, one after the other, that give codes have the scales that Quanto's calibration finds in two batches, the second that of the first's codes as it is; and the first gives the codes of Quanto's for outputs that are within 1e-3.",
  )
  .control('outputs stay in floats', (fault) =>
    fault.host('quantizer.finished', () => (_tape, _weight, y) => y),
  )
  .run(async (t) => {
    const [weights, type] = typesOf(t.params.pair);
    const activations = type as ActivationType;
    const { inputs, outputs } = await goldenOf(t, `quanto-chain-${t.params.pair}`);
    const host = (name: string) => inputs[name] as HostTensor;
    using values = new SeparateValues(t.gpu, [
      ...[0, 1].flatMap((i) => [
        [`fc${i}.weight`, host(`weight${i}`)] as const,
        [`fc${i}.bias`, host(`bias${i}`)] as const,
      ]),
    ]);
    quantizerOf(t, { ...METHODS[weights], activations, outputs: true }).quantizeModel({ values });
    const forward = (layers: Layers, x: Tensor) => layers.linear('fc1', layers.linear('fc0', x));
    await passed(t, values, { x: rowsOf(host('x'), 0), calibrates: true, forward });
    await passed(t, values, { x: rowsOf(host('x'), 5, 2), calibrates: true, forward });
    const scales = float64Of(outputs['scales'] as StoredTensor);
    const found = [...(await scalesOf(values, 'fc0')), ...(await scalesOf(values, 'fc1'))];
    expectScales(t, found, scales, activations);
    t.expect(found[1] === found[2], () => `the second rounds by ${found[2]}, not by ${found[1]}`);
    const x = rowsOf(host('x'), 10);
    writeScales(values, 'fc0', scales);
    requireDecided(t, x, scales[0] as number, activations);
    const y = await passed(t, values, { x, forward });
    expectCodes(t, y, outputs['codes'] as StoredTensor, scales[1] as number, activations);
  });

quantoLayers
  .case('convolution', {
    pair: [
      'qint8-none',
      'qfloat8_e4m3fn-none',
      'qint4-none',
      'qint8-qint8',
      'qint4-qfloat8_e4m3fn',
    ],
  })
  .tier('full')
  .desc(
    "Outputs of a convolution with weights in codes are within 1e-3 of those of Quanto's QConv2d, whose x stays in floats; where its outputs are codes, so are these for outputs that near, by the scales that a calibration finds.",
  )
  .control('scales of half their size', (fault) =>
    fault.shader('quant/quanto_scale', 'range / sizes.levels', 'range / (2.0 * sizes.levels)'),
  )
  .run(async (t) => {
    const [weights, type] = typesOf(t.params.pair);
    const { inputs, outputs } = await goldenOf(t, `quanto-conv-${t.params.pair}`);
    const host = (name: string) => inputs[name] as HostTensor;
    using values = new SeparateValues(t.gpu, [
      ['conv.weight', host('weight')],
      ['conv.bias', host('bias')],
    ]);
    const options = {
      ...METHODS[weights],
      ...(type === 'none' ? {} : { activations: type, outputs: true }),
    };
    quantizerOf(t, options).quantizeModel({ values });
    const forward = (layers: Layers, given: Tensor) =>
      layers.conv('conv', given, { padding: [1, 1, 1, 1] });
    const x = host('x');
    if (type === 'none') {
      const { shape } = outputs['y'] as StoredTensor;
      const data = float64Of(outputs['y'] as StoredTensor);
      const { y } = await passed(t, values, { x, forward });
      const bound = data.map(() => MOST);
      t.expectAccepted('y', { shape, data: y }, { shape, data }, { kind: 'within', bound });
      return;
    }
    await passed(t, values, { x, calibrates: true, forward });
    const scales = float64Of(outputs['scales'] as StoredTensor);
    expectScales(t, await scalesOf(values, 'conv'), scales, type);
    writeScales(values, 'conv', scales);
    const y = await passed(t, values, { x, forward });
    expectCodes(t, y, outputs['codes'] as StoredTensor, scales[1] as number, type);
  });

/** Five rows of x from `first` on, times a power of two. */
function rowsOf({ shape, data }: HostTensor, first: number, times = 1): HostTensor {
  const [, width = 1] = shape;
  const rows = Float64Array.from(data.slice(width * first, width * (first + 5)));
  return hostTensorFrom(
    'f32',
    [5, width],
    rows.map((value) => times * value),
  );
}

interface Pass {
  readonly x: HostTensor;
  readonly calibrates?: boolean;
  readonly forward: (layers: Layers, x: Tensor) => Tensor;
}

/** What a pass gave. */
interface Passed {
  readonly y: Float64Array;
  /** What was rounded to codes of outputs first, undefined where nothing was. */
  readonly before: Float64Array | undefined;
}

/** Runs the layers, whose every op must be within its bound. */
async function passed(
  t: CaseContext,
  values: SeparateValues,
  { x: host, calibrates, forward }: Pass,
): Promise<Passed> {
  using x = Tensor.from(t.gpu, host);
  const trace: Application<Tensor>[] = [];
  using tape = new Tape(t.gpu, [], { trace, calibrates });
  const y = forward(new Layers(tape, values), x);
  await judgeApplications(t, 0, trace);
  const rounded = trace.find(
    ({ op, layer }) => op.name === 'quanto_activation' && layer.endsWith('.outputs'),
  );
  const before = rounded && valuesOf(await (rounded.inputs['x'] as Tensor).read());
  return { y: valuesOf(await y.read()), before };
}

const partsOf = (values: SeparateValues, layer: string) =>
  (values.view(`${layer}.weight`) as DeviceWeight).parts as Readonly<Record<string, Tensor>>;

const SCALES = ['input_scale', 'output_scale'] as const;

/** The scales of a layer's input and of its output. */
async function scalesOf(values: SeparateValues, layer: string): Promise<readonly number[]> {
  const parts = partsOf(values, layer);
  const read = await Promise.all(SCALES.map((name) => (parts[name] as Tensor).read()));
  return read.map((host) => valuesOf(host)[0] as number);
}

function writeScales(values: SeparateValues, layer: string, scales: Float64Array): void {
  for (const [i, name] of SCALES.entries())
    (partsOf(values, layer)[name] as Tensor).write(
      hostTensorFrom('f32', [1], [scales[i] as number]),
    );
}

/** Asserts that scales are those of numbers that are within 1e-3. */
function expectScales(
  t: CaseContext,
  found: readonly number[],
  data: Float64Array,
  qtype: ActivationType,
): void {
  const { scale } = QUANTO_TYPES[qtype].scaleOf(Float64Array.of(MOST), EXACT);
  const shape = [data.length];
  const bound = data.map(() => scale.high);
  const actual = { shape, data: Float64Array.from(found) };
  t.expectAccepted('scales', actual, { shape, data }, { kind: 'within', bound });
}

/** Asserts that codes are those of numbers that are within 1e-3 of what we rounded. */
function expectCodes(
  t: CaseContext,
  { before = new Float64Array() }: Passed,
  stored: StoredTensor,
  scale: number,
  qtype: ActivationType,
): void {
  const { codes, decode } = QUANTO_TYPES[qtype];
  const of = { scale: exactly(scale), shift: 0 };
  const ieee = rangesIn('f32', true);
  const rounded = (value: number) => decode(codes(value, of, ieee)[0] as number, of, ieee).low;
  const theirs = float64Of(stored).map((code) => decode(code, of, ieee).low);
  t.expect(theirs.length === before.length, () => `${before.length} outputs are rounded`);
  const wrong = before.filter((y, i) => {
    const given = theirs[i] as number;
    return !(given >= rounded(y - MOST) && given <= rounded(y + MOST));
  });
  t.expect(wrong.length === 0, () => `${wrong.length} codes are not those of outputs within 1e-3`);
}
