import { RandomState } from '../../src/autograd/random-state.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { messageOf } from '../../src/errors.ts';
import { Scope } from '../../src/gpu/scope.ts';
import type { Application } from '../../src/graph/call.ts';
import { ConvNet } from '../../src/models/conv-net/conv-net.ts';
import { folded } from '../../src/models/fold-batch-norm.ts';
import { Layers } from '../../src/models/layers.ts';
import { ModelValues } from '../../src/models/values.ts';
import { conv2d } from '../../src/ops/conv/conv2d.ts';
import { batchNorm } from '../../src/ops/nn/batch_norm.ts';
import { isQuantized } from '../../src/quant/weight.ts';
import { schemesOf } from '../../src/quantizer/choosing/schemes.ts';
import { decodedWeight } from '../../src/quantizer/coding.ts';
import type { LayerOptions } from '../../src/quantizer/policy.ts';
import { loadState, readState } from '../../src/quantizer/state.ts';
import { type HostTensor, hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import { sizeOf } from '../../src/tensor/shape.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { judgeApplications } from '../../src/testing/judge-step.ts';
import { suite } from '../../src/testing/suite.ts';
import { largerScalesOfTrits } from '../matmul/every-tile.ts';
import { initialPerceptron } from '../quant/mlp.ts';
import { value } from '../quant/values.ts';
import { withoutReads } from '../quant/without-reads.ts';
import { drawn, quantizerOf } from './drawn.ts';
import { readTensors, sameBits } from './parts.ts';
import { Perceptron, SeparateValues } from './perceptron.ts';

export const quantizedModels = suite('quantizer.models', {
  description:
    'Whole models with quantized weights: what stays, what comes out, and what is stored',
});

const ROW = 'triton.quantization';
const CNN = { channels: [3, 16, 32], classes: 10 } as const;

quantizedModels
  .case('structure')
  .covers(`${ROW}.model-preserves-structure/structure-unchanged`)
  .desc('Names of a quantized model, their order and shapes, and the count of 9,610 are as before.')
  .control('what is quantized comes last', (fault) =>
    fault.host('models.in_order', () => (names) => names),
  )
  .run(async (t) => {
    using values = new ModelValues(t.gpu, initialPerceptron(t.random()));
    const shapes = () => values.names.map((name) => [name, values.view(name).shape]);
    const before = JSON.stringify(shapes());
    quantizerOf(t, { method: 'ternary' }).quantizeModel({ values });
    const after = JSON.stringify(shapes());
    t.expect(after === before, () => `names and shapes are ${after}, and were ${before}`);
    const count = values.names.reduce((sum, name) => sum + sizeOf(values.view(name).shape), 0);
    t.expect(count === 9610, () => `the model has ${count} values`);
  });

quantizedModels
  .case('listed-layers')
  .covers(
    `${ROW}.model-preserves-structure/only-listed-layers`,
    `${ROW}.model-preserves-structure/biases-norms-excluded`,
  )
  .desc(
    'Of a convolutional network convolutions and linear are stored in another way, and listed; biases and normalizations stay in f32.',
  )
  .control('normalizations are taken for linears', (fault) =>
    fault.host('quantizer.is_eligible', () => (name) => name.endsWith('.weight')),
  )
  .run(async (t) => {
    using model = new ConvNet(t.gpu, CNN, t.random());
    const { names, view } = model.values;
    const { layers } = quantizerOf(t, { method: 'ternary' }).quantizeModel(model);
    const changed = names.filter((name) => isQuantized(view(name))).join();
    const listed = layers.map(({ name }) => `${name}.weight`).join();
    t.expect(changed === listed, () => `changed are ${changed}, listed ${listed}`);
    t.expect(listed === 'conv1.weight,conv2.weight,fc.weight', () => `listed are ${listed}`);
  });

quantizedModels
  .case('perceptron')
  .covers(`${ROW}.model-functional/mlp-within-bound`)
  .desc('The quantized network of 64-128-10 is within the bounds of the ternary one in float64.')
  .control('every product of trits 1e-4 larger', largerScalesOfTrits)
  .run(async (t) => {
    using model = new Perceptron(t.gpu, t.random());
    quantizerOf(t, { method: 'ternary' }).quantizeModel(model);
    using x = Tensor.from(t.gpu, drawn(t, 1, [9, 64]));
    const trace: Application<Tensor>[] = [];
    using tape = new Tape(t.gpu, [], { trace });
    model.forward(tape, x);
    await judgeApplications(t, 0, trace);
  });

/** A convolution 3 -> 64 of 3 x 3 with ternary weights. */
function ternaryConv(t: CaseContext, weight = drawn(t, 0, [64, 3, 3, 3], 0.2)): SeparateValues {
  const values = new SeparateValues(t.gpu, [['conv.weight', weight]]);
  quantizerOf(t, { method: 'ternary' }).quantizeModel({ values });
  return values;
}

quantizedModels
  .case('conv-integers')
  .covers(`${ROW}.conv2d-layer/output-integer-exact`)
  .desc('Of whole numbers a convolution with packed trits is that with the trits, exactly.')
  .control('trits one place further', (fault) =>
    fault.shader('quant/ternary_unpack', 'trit_at(byte, 2u * k)', 'trit_at(byte, 2u * (k ^ 1u))'),
  )
  .run(async (t) => {
    const random = t.random();
    const shape = [64, 3, 3, 3];
    // Each output has a trit that is not zero, and so the scale 1.
    const trits = random.fill(sizeOf(shape), () => random.integer(-1, 1));
    for (let i = 0; i < trits.length; i += 27) trits[i] = 1;
    const host = hostTensorFrom('f32', shape, trits);
    using values = ternaryConv(t, host);
    const xs = random.fill(2 * 3 * 9 * 7, () => random.integer(-9, 9));
    using x = Tensor.from(t.gpu, hostTensorFrom('f32', [2, 3, 9, 7], xs));
    using dense = new SeparateValues(t.gpu, [['conv.weight', host]]);
    using tape = new Tape(t.gpu);
    const of = (given: SeparateValues) =>
      new Layers(tape, given).conv('conv', x, { padding: [1, 1, 1, 1] });
    t.expectEqual('y', value(await of(values).read()), value(await of(dense).read()));
  });

quantizedModels
  .case('conv-floats')
  .tier('full')
  .covers(`${ROW}.conv2d-layer/output-within-bound`)
  .desc('Of normal numbers each op of a convolution with packed trits is within its bound.')
  .control('trits one place further', (fault) =>
    fault.shader('quant/ternary_unpack', 'trit_at(byte, 2u * k)', 'trit_at(byte, 2u * (k ^ 1u))'),
  )
  .run(async (t) => {
    using values = ternaryConv(t);
    using x = Tensor.from(t.gpu, drawn(t, 1, [2, 3, 9, 7]));
    const trace: Application<Tensor>[] = [];
    using tape = new Tape(t.gpu, [], { trace });
    new Layers(tape, values).conv('conv', x, { padding: [1, 1, 1, 1] });
    await judgeApplications(t, 0, trace);
  });

quantizedModels
  .case('conv-net', { method: ['ternary', 'nf4', 'int8', 'hqq', 'f16'] })
  .tier('full')
  .desc('A convolutional network with quantized weights computes every op within its bound.')
  .control('convolutions one row too high', (fault) =>
    fault.launch('conv2d.forward', ([gpu, inputs, params, ...rest]) => [
      gpu,
      inputs,
      { ...params, padding: [2, 0, 1, 1] },
      ...rest,
    ]),
  )
  .run(async (t) => {
    using model = new ConvNet(t.gpu, CNN, t.random());
    using x = Tensor.from(t.gpu, drawn(t, 1, [2, 3, 8, 8]));
    const { method } = t.params;
    const options = {
      method,
      ...(method === 'hqq' ? { groupSize: 16 } : {}),
    };
    const report = quantizerOf(t, options).quantizeModel(model);
    t.expect(report.layers.length === 3, () => `${report.layers.length} layers are quantized`);
    const trace: Application<Tensor>[] = [];
    using tape = new Tape(t.gpu, [], { trace });
    const logits = await model.forward(tape, { x }).read();
    await judgeApplications(t, 0, trace);
    const spread = Math.max(...valuesOf(logits)) - Math.min(...valuesOf(logits));
    t.expect(spread > 1e-3, () => `logits differ by ${spread}`);
  });

quantizedModels
  .case('batch-norm-unchanged')
  .covers(`${ROW}.preserves-batch-norm/norms-bit-unchanged`)
  .desc('Weights, biases and running statistics of batch normalizations keep their bits.')
  .control('normalizations are taken for linears', (fault) =>
    fault.host('quantizer.is_eligible', () => (name) => name.endsWith('.weight')),
  )
  .run(async (t) => {
    using model = new ConvNet(t.gpu, CNN, t.random());
    for (const name of ['bn1.weight', 'bn1.bias', 'bn2.weight', 'bn2.bias']) {
      const parameter = model.parameters.view(name);
      using given = Tensor.from(t.gpu, drawn(t, 2, parameter.shape));
      parameter.copyFrom(given);
    }
    const read = async () => {
      const tensors = await readTensors(model.values);
      const statistics = Object.entries<Tensor>(model.statistics);
      for (const [name, tensor] of statistics)
        (tensors as Map<string, unknown>).set(name, await tensor.read());
      return tensors;
    };
    const before = await read();
    quantizerOf(t, { method: 'ternary' }).quantizeModel(model);
    const after = await read();
    const norms = [...before.keys()].filter((name) => name.startsWith('bn'));
    t.expect(norms.length === 8, () => `the model has ${norms.join(', ')}`);
    for (const name of norms)
      t.expect(sameBits(before.get(name), after.get(name)), () => `${name} has changed`);
  });

/** A linear, dropout of one half and a linear; the first is quantized. */
function dropping(t: CaseContext): SeparateValues {
  const values = new SeparateValues(t.gpu, [
    ['fc1.weight', drawn(t, 0, [128, 64])],
    ['fc2.weight', drawn(t, 1, [10, 128])],
  ]);
  quantizerOf(t, { method: 'ternary' }).quantizeModel({ values });
  return values;
}

function droppingPass(tape: Tape, values: SeparateValues, x: Tensor) {
  const layers = new Layers(tape, values);
  const hidden = layers.linear('fc1', x);
  const kept = layers.dropout('drop', hidden, 0.5);
  return { kept, logits: layers.linear('fc2', kept) };
}

quantizedModels
  .case('dropout-mask')
  .covers(`${ROW}.with-dropout/mask-statistics`)
  .desc('Behind a quantized linear a dropout of one half drops 0.5 +- 0.01 of 65,536 elements.')
  .control('fewer are dropped', (fault) =>
    fault.launch('dropout.forward', ([gpu, inputs, params, ...rest]) => [
      gpu,
      inputs,
      { ...params, p: 0.45 },
      ...rest,
    ]),
  )
  .run(async (t) => {
    using values = dropping(t);
    using x = Tensor.from(t.gpu, drawn(t, 2, [512, 64]));
    using tape = new Tape(t.gpu, [], { random: new RandomState(t.seed) });
    const kept = valuesOf(await droppingPass(tape, values, x).kept.read());
    const share = kept.filter((y) => y === 0).length / kept.length;
    t.metric('dropped', share);
    t.expect(Math.abs(share - 0.5) <= 0.01, () => `${share} of the elements are dropped`);
  });

quantizedModels
  .case('dropout-evaluation')
  .covers(`${ROW}.with-dropout/eval-deterministic`, `${ROW}.with-dropout/eval-reference`)
  .desc(
    'Outside of training nothing is dropped: two passes have the same bits, and each op is within its bound.',
  )
  .control('evaluation drops by a seed of each time', (fault) =>
    fault.host('layers.random', () => {
      let seed = 0;
      return () => new RandomState(++seed);
    }),
  )
  .run(async (t) => {
    using values = dropping(t);
    using x = Tensor.from(t.gpu, drawn(t, 2, [7, 64]));
    const trace: Application<Tensor>[] = [];
    using tape = new Tape(t.gpu, [], { trace });
    const first = await droppingPass(tape, values, x).logits.read();
    const again = await droppingPass(tape, values, x).logits.read();
    t.expectEqual('logits', value(again), value(first));
    const ops = trace.map(({ op }) => op.name).join();
    t.expect(!ops.includes('dropout'), () => `evaluation ran ${ops}`);
    await judgeApplications(t, 0, trace);
  });

/** What is usual of every method, and HQQ with its zeros and scales as codes. */
const EVERY_METHOD: readonly LayerOptions[] = [
  ...schemesOf(() => true, false),
  { method: 'hqq', groupSize: 16, quantZero: true, quantScale: true },
];
const wordsOf = (options: LayerOptions) => Object.values(options).join(' ');

/** The stream of the weights that are quantized twice. */
const SAME_STATE = 0;

quantizedModels
  .case('same-state')
  .covers(`${ROW}.reproducibility/models-byte-equal`)
  .desc(
    'Two models of the same state are quantized to the same bytes, by each of five methods; the report has their hashes.',
  )
  .control('a threshold that moves', (fault) =>
    fault.host('quantizer.kept', (original) => {
      let parts = 0;
      return (part, shape) => {
        const made = original(part, shape);
        if (++parts % 2 === 0 && part.dtype === 'f32')
          made.write(hostTensorFrom('f32', shape, new Float64Array(made.size).fill(parts)));
        return made;
      };
    }),
  )
  .run(async (t) => {
    for (const method of ['ternary', 'nf4', 'int8', 'hqq', 'llm_int8']) {
      const states = await Promise.all(
        [0, 1].map(async () => {
          using model = new Perceptron(t.gpu, t.random(SAME_STATE));
          quantizerOf(t, { method }).quantizeModel(model);
          return await readTensors(model.values);
        }),
      );
      const [first, second] = states as [(typeof states)[0], (typeof states)[0]];
      for (const [name, tensor] of first)
        t.expect(sameBits(tensor, second.get(name)), () => `${name} by ${method} differs`);
      // A report tells their hashes: so does one of another tab.
      for (const [name, { data }] of first)
        t.artifact(`${method}.${name}`, new Uint8Array(data.slice().buffer));
    }
  });

quantizedModels
  .case('no-readback')
  .covers(`${ROW}.gpu-quantization/no-readback`)
  .desc(
    'To quantize a weight by every choice of every method the host neither reads nor waits, where both throw.',
  )
  .control('a part is read', (fault) =>
    fault.host('quantizer.kept', (original) => (part, shape) => {
      void part.read();
      return original(part, shape);
    }),
  )
  .run(async (t) => {
    using weight = Tensor.from(t.gpu, drawn(t, 0, [384, 768]));
    for (const options of schemesOf(() => true, true)) {
      let refused = 'nothing';
      try {
        t.gpu.trace(() => {
          using tape = new Tape(t.gpu);
          quantizerOf(t, options).quantizeWeight(tape, weight, 'fc');
        });
      } catch (error) {
        refused = messageOf(error);
      }
      t.expect(refused === 'nothing', () => `${wordsOf(options)}: ${refused}`);
    }
  });

quantizedModels
  .case('one-submit')
  .tier('full')
  .timeout(120_000)
  .desc(
    'By every method each of the two layers of a network is one submit, and the host waits for nothing.',
  )
  .control('a layer is submitted before its parts are kept', (fault) =>
    fault.host('quantizer.kept', (original) => (part, shape) => {
      part.gpu.submit();
      return original(part, shape);
    }),
  )
  .run(async (t) => {
    for (const options of EVERY_METHOD) {
      using model = network(t, 0);
      const words = wordsOf(options);
      const quantize = () => quantizerOf(t, options).quantizeModel(model);
      const { result, submits } = withoutReads(t, words, quantize);
      t.expect(result.layers.length === 2, () => `${words}: ${result.layers.length} layers`);
      t.expect(submits === 2, () => `two layers by ${words} are ${submits} submits`);
    }
  });

/** The network of 128-128-16 in floats, with values of another seed where `stream` is another. */
const network = (t: CaseContext, stream: number) =>
  new Perceptron(t.gpu, t.random(stream), [128, 128, 16]);

/** Layouts, and whether one of them is quick, which has parts like no other. */
const LAYOUTS = {
  nf4: true,
  int8_blockwise: false,
  llm_int8: true,
  hqq: true,
  mlx: false,
  nvfp4: false,
  quanto_int: false,
  quanto_float8: false,
  quanto_float8_e4m3fnuz: false,
  quanto_w8a8: false,
  onnx_nbits: false,
  ternary: true,
  ternary_base3: false,
  bitnet: false,
  bitnet_int8: false,
  int8: false,
  bf16: false,
};

for (const [method, isQuick] of Object.entries(LAYOUTS))
  quantizedModels
    .case('state', { method: [method] })
    .tier(isQuick ? 'quick' : 'full')
    .desc(
      "What is read back in the library's layout and put into another model gives the same logits, bit for bit.",
    )
    .control('a state of other numbers', (fault) =>
      fault.host(
        'quantizer.stored_part',
        () =>
          ({ dtype, shape, data }) =>
            hostTensorFrom(dtype, shape, new Float64Array(data.length).fill(1)),
      ),
    )
    .run(async (t) => {
      await expectSameState(t, { method });
    });

quantizedModels
  .case('state-of-meta')
  .tier('full')
  .desc(
    "The same of HQQ's zeros and scales in 8 bits, whose parts have the names of HQQLinear's state; each op is within its bound.",
  )
  .control('scales restored without their zero', (fault) =>
    fault.launch('sub.forward', ([gpu, inputs, params, ...rest]) => [
      gpu,
      { ...inputs, b: inputs.a },
      params,
      ...rest,
    ]),
  )
  .run(async (t) => {
    const options = { method: 'hqq', groupSize: 16, quantZero: true, quantScale: true };
    const parts = await expectSameState(t, options, []);
    const names = parts.filter((name) => name.startsWith('fc1.')).sort();
    const expected = [
      ...['fc1.W_q', 'fc1.bias', 'fc1.meta_scale.scale', 'fc1.meta_scale.zero'],
      ...['fc1.meta_zero.scale', 'fc1.meta_zero.zero', 'fc1.scale_q', 'fc1.zero_q'],
    ];
    t.expect(names.join() === expected.join(), () => `the parts are ${names.join(', ')}`);
  });

quantizedModels
  .case('calibration')
  .desc(
    "With activations in 8 bits the scale of each layer's input follows one batch and then another, wider one, as Quanto's calibration does; nothing is read back meanwhile, each op is within its bound, what is kept is what the last batch gave, and any other forward pass leaves it.",
  )
  .control('every batch is a first one', (fault) =>
    fault.shader('quant/quanto_calibrate', 'before[0] == 1.0', 'before[0] == before[0]'),
  )
  .run(async (t) => {
    using model = network(t, 0);
    const { layers } = quantizerOf(t, { method: 'quanto_w8a8' }).quantizeModel(model);
    const kept = async () => {
      const state = await readState(model.values, layers);
      return layers.map(({ name }) => valuesOf(state[`${name}.input_scale`] as HostTensor)[0]);
    };
    const before = await kept();
    t.expect(
      before.every((scale) => scale === 1),
      () => `scales are ${before.join(', ')} at first`,
    );
    const passed = async (batch: number, calibrates: boolean): Promise<number[]> => {
      using x = Tensor.from(t.gpu, drawn(t, batch, [5, 128], batch));
      const trace: Application<Tensor>[] = [];
      using tape = new Tape(t.gpu, [], { trace, calibrates });
      withoutReads(t, `batch ${batch}`, () => model.forward(tape, x));
      await judgeApplications(t, batch, trace);
      const followed = trace.filter(({ op }) => op.name === 'quanto_calibrate');
      const given = followed.map(({ outputs }) => (outputs['input_scale'] as Tensor).read());
      return (await Promise.all(given)).map((host) => valuesOf(host)[0] as number);
    };
    await passed(1, true);
    const last = await passed(2, true);
    t.expect(last.length === 2, () => `${last.length} layers follow a batch`);
    const others = await passed(3, false);
    t.expect(others.length === 0, () => `${others.length} layers follow what is no calibration`);
    const after = await kept();
    t.expect(after.join() === last.join(), () => `scales are ${after.join()}, not ${last.join()}`);
  });

/** That a model and one that its state was put into give the same; the names of the state. */
async function expectSameState(
  t: CaseContext,
  options: LayerOptions,
  trace?: Application<Tensor>[],
): Promise<string[]> {
  using model = network(t, 0);
  const quantizer = quantizerOf(t, options);
  const { layers } = quantizer.quantizeModel(model);
  const state = await readState(model.values, layers);
  using other = network(t, 1);
  loadState(quantizer, other, layers, state);
  using x = Tensor.from(t.gpu, drawn(t, 2, [5, 128]));
  using tape = new Tape(t.gpu, [], trace ? { trace } : {});
  const first = value(await model.forward(tape, x).read());
  if (trace) await judgeApplications(t, 0, trace);
  t.expectEqual('logits', value(await other.forward(tape, x).read()), first);
  return Object.keys(state);
}

quantizedModels
  .case('folded')
  .covers(`${ROW}.preserves-batch-norm/folded-equals-unfolded`)
  .desc(
    'A normalization that is folded into the weights of a ternary convolution, and so into its scales, gives what it gives behind it, within the bounds of both.',
  )
  .control('the variance is taken for the mean', (fault) =>
    fault.host(
      'models.folded',
      (original) => (tape, weight, norm, layer) =>
        original(tape, weight, { ...norm, running_mean: norm.running_var }, layer),
    ),
  )
  .run(async (t) => {
    const channels = 16;
    using scope = new Scope();
    const upload = (
      stream: number,
      shape: readonly number[],
      move: (x: number) => number = (x) => x,
    ) => {
      const host = drawn(t, stream, shape);
      return scope.add(Tensor.from(t.gpu, hostTensorFrom('f32', shape, valuesOf(host).map(move))));
    };
    const x = upload(0, [2, 3, 9, 7]);
    const weight = upload(1, [channels, 3, 3, 3]);
    const norm = {
      weight: upload(2, [channels]),
      bias: upload(3, [channels]),
      running_mean: upload(4, [channels]),
      running_var: upload(5, [channels], (v) => v * v + 0.1),
    };
    const trace: Application<Tensor>[] = [];
    const tape = scope.add(new Tape(t.gpu, [], { trace }));
    const quantizer = quantizerOf(t, { method: 'ternary' });
    const ternary = (of: Tensor, layer: string) => {
      const made = quantizer.quantizeWeight(tape, of, layer);
      scope.addAll(made.parts);
      return decodedWeight(tape, made, layer);
    };
    const params = { padding: [1, 1, 1, 1] as const };
    const behind = tape.apply(conv2d, { x, weight: ternary(weight, 'conv') }, params, 'conv').y;
    const unfolded = tape.apply(batchNorm, { ...norm, x: behind }, { training: false }, 'bn').y;
    const one = folded(tape, weight, norm, 'fold');
    const inputs = { x, weight: ternary(one.weight, 'one'), bias: one.bias };
    const y = tape.apply(conv2d, inputs, params, 'one').y;
    await judgeApplications(t, 0, trace);
    const expected = value(await unfolded.read());
    // Sums of 27 products and means of 27 weights in both, and what the normalization rounds; each
    // of the size of all that is added up, of the mean that is taken off twice.
    const factor = valuesOf(await norm.weight.read());
    const variance = valuesOf(await norm.running_var.read());
    const means = valuesOf(await norm.running_mean.read()).map(
      (m, c) => (2 * m * (factor[c] as number)) / Math.sqrt((variance[c] as number) + 1e-5),
    );
    const sizes = await sumsOfSizes(t, inputs, means);
    const bound = sizes.map((size) => 2 * (27 + 27 + 12) * 2 ** -23 * size);
    t.expectAccepted('y', value(await y.read()), expected, { kind: 'within', bound });
  });

/** The convolution of magnitudes, with those of `beside` beside that of the bias. */
async function sumsOfSizes(
  t: CaseContext,
  inputs: Readonly<Record<'x' | 'weight' | 'bias', Tensor>>,
  beside: Float64Array,
): Promise<Float64Array> {
  using scope = new Scope();
  const size = async (tensor: Tensor, others?: Float64Array) => {
    const data = valuesOf(await tensor.read()).map(
      (v, i) => Math.abs(v) + Math.abs(others?.[i] ?? 0),
    );
    return scope.add(Tensor.from(t.gpu, hostTensorFrom('f32', tensor.shape, data)));
  };
  const sizes = {
    x: await size(inputs.x),
    weight: await size(inputs.weight),
    bias: await size(inputs.bias, beside),
  };
  const { y } = scope.addAll(conv2d.forward(t.gpu, sizes, { padding: [1, 1, 1, 1] }));
  return valuesOf(await y.read());
}
