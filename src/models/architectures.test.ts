import { describe, expect, test } from 'vitest';
import { RandomState } from '../autograd/random-state.ts';
import { Tape } from '../autograd/tape.ts';
import { hostGpu } from '../gpu/fixtures/host-gpu.ts';
import type { Gpu } from '../gpu/gpu.ts';
import type { Application } from '../graph/call.ts';
import { hostTensorFrom } from '../tensor/host.ts';
import { Random } from '../tensor/random.ts';
import { Tensor, type Tensors } from '../tensor/tensor.ts';
import { ConvNet } from './conv-net/conv-net.ts';
import { type AppliedOp, appliedOps } from './fixtures/applied-ops.ts';
import { Mlp } from './mlp/mlp.ts';
import { blocksOf, type MobileNetV2Config } from './mobilenet-v2/config.ts';
import { MobileNetV2 } from './mobilenet-v2/mobilenet-v2.ts';
import type { Model } from './model.ts';
import { SequenceClassifier } from './sequence-classifier/sequence-classifier.ts';
import { TernaryMlp } from './ternary-mlp/ternary-mlp.ts';
import { Transformer } from './transformer/transformer.ts';

type Inputs = Readonly<Record<string, Tensor>>;

/** What a model applies; on the tape of a training step, where it draws. */
async function applied(
  make: (gpu: Gpu) => Model,
  inputs: (gpu: Gpu) => Inputs,
  { training = false } = {},
) {
  const { gpu } = await hostGpu();
  const model = make(gpu);
  const given = inputs(gpu);
  const random = training ? new RandomState(7) : undefined;
  const shown = appliedOps(gpu, model, given, random);
  const names = model.parameters.names;
  model[Symbol.dispose]();
  for (const tensor of Object.values(given)) tensor[Symbol.dispose]();
  return { ...shown, names, left: gpu.memory.ledger.liveBytes };
}

const images = (shape: readonly number[]) => (gpu: Gpu) => ({ x: Tensor.zeros(gpu, shape) });
const linear = (name: string, a: string, b: string, y: string): AppliedOp => [
  name,
  `matmul(a=${a}, b=${name}.weight ${b}, bias=${name}.bias ${b.split('x')[0]}) -> ${y}`,
  { transpose_b: true },
];
const op = (layer: string, name: string, operands: string, y: string, params: object = {}) =>
  [layer, `${name}(${operands}) -> ${y}`, params] as const;
/** A batch normalization of c channels. */
const norm = (name: string, x: string, c: number, shape: string, training = false) =>
  op(
    name,
    'batch_norm',
    [
      `x=${x} ${shape}`,
      ...['weight', 'bias', 'running_mean', 'running_var'].map((of) => `${of}=${name}.${of} ${c}`),
    ].join(', '),
    shape,
    { training },
  );

describe('a perceptron', () => {
  const config = { inFeatures: 5, hidden: 7, classes: 3 };
  test('has ReLU behind its first linear and GELU behind its second', async () => {
    const { ops, logits, left } = await applied(
      (gpu) => new Mlp(gpu, config, new Random(1)),
      images([2, 5]),
    );
    expect(ops).toEqual([
      linear('fc1', 'x 2x5', '7x5', '2x7'),
      op('relu', 'relu', 'x=fc1 2x7', '2x7'),
      linear('fc2', 'relu 2x7', '7x7', '2x7'),
      op('gelu', 'gelu', 'x=fc2 2x7', '2x7'),
      linear('fc3', 'gelu 2x7', '3x7', '2x3'),
    ]);
    expect([logits, left]).toEqual([[2, 3], 0]);
  });

  const ternary = (name: string, a: string, b: string, y: string) => [
    op(`${name}.quantize`, 'ternary_quantize', `weight=${name}.weight ${b}`, b),
    op(
      name,
      'matmul',
      `a=${a}, b=${name}.quantize.dequant ${b}, bias=${name}.bias ${b.split('x')[0]}`,
      y,
      { transpose_b: true },
    ),
  ];
  test('with ternary weights quantizes each anew, and has ReLU between', async () => {
    const { ops, logits, left } = await applied(
      (gpu) => new TernaryMlp(gpu, config, new Random(1)),
      images([2, 5]),
    );
    expect(ops).toEqual([
      ...ternary('fc1', 'x 2x5', '7x5', '2x7'),
      op('fc1.relu', 'relu', 'x=fc1 2x7', '2x7'),
      ...ternary('fc2', 'fc1.relu 2x7', '7x7', '2x7'),
      op('fc2.relu', 'relu', 'x=fc2 2x7', '2x7'),
      ...ternary('fc3', 'fc2.relu 2x7', '3x7', '2x3'),
    ]);
    expect([logits, left]).toEqual([[2, 3], 0]);
  });

  test('with ternary weights tells the trits of each, four a byte', async () => {
    const { gpu } = await hostGpu();
    using model = new TernaryMlp(gpu, config, new Random(1));
    const held = gpu.memory.ledger.liveBytes;
    const packed = await model.packed();
    expect(Object.entries(packed).map(([name, { length }]) => [name, length])).toEqual([
      ['fc1', 9],
      ['fc2', 13],
      ['fc3', 6],
    ]);
    expect(gpu.memory.ledger.liveBytes).toBe(held);
  });
});

describe('a convolutional network', () => {
  const make = (gpu: Gpu) => new ConvNet(gpu, { channels: [3, 4, 6], classes: 5 }, new Random(1));
  const padding = { padding: [1, 1, 1, 1] };
  const conv = (
    n: number,
    x: string,
    weight: string,
    y: string,
    channels: number,
    train = false,
  ) => [
    op(`conv${n}`, 'conv2d', `x=${x}, weight=conv${n}.weight ${weight}`, y, padding),
    norm(`bn${n}`, `conv${n}`, channels, y, train),
    op(`relu${n}`, 'relu', `x=bn${n}.y ${y}`, y),
  ];
  test.each([false, true])('convolves twice, around a pooling (training: %s)', async (training) => {
    const { ops, logits, left } = await applied(make, images([2, 3, 8, 6]), { training });
    expect(ops).toEqual([
      ...conv(1, 'x 2x3x8x6', '4x3x3x3', '2x4x8x6', 4, training),
      op('maxpool', 'max_pool2d', 'x=relu1 2x4x8x6', '2x4x4x3', { kernel: [2, 2] }),
      ...conv(2, 'maxpool 2x4x4x3', '6x4x3x3', '2x6x4x3', 6, training),
      op('avgpool', 'global_avg_pool2d', 'x=relu2 2x6x4x3', '2x6x1x1'),
      linear('fc', 'avgpool 2x6', '5x6', '2x5'),
    ]);
    expect([logits, left]).toEqual([[2, 5], 0]);
  });

  test('takes over what a training step made of its statistics, once', async () => {
    const { gpu } = await hostGpu();
    using model = make(gpu);
    const read = async () =>
      Object.fromEntries(
        await Promise.all(
          Object.entries(model.statistics).map(
            async ([name, tensor]) => [name, [...(await tensor.read()).data]] as const,
          ),
        ),
      );
    const start = {
      'bn1.running_mean': [0, 0, 0, 0],
      'bn1.running_var': [1, 1, 1, 1],
      'bn2.running_mean': [0, 0, 0, 0, 0, 0],
      'bn2.running_var': [1, 1, 1, 1, 1, 1],
    };
    expect(await read()).toEqual(start);
    const pass = async (random: RandomState | undefined, values: readonly number[]) => {
      const trace: Application<Tensor>[] = [];
      using x = Tensor.zeros(gpu, [2, 3, 4, 4]);
      using tape = new Tape(gpu, [], { trace, random });
      model.forward(tape, { x });
      const norms = trace.filter(({ op: { name } }) => name === 'batch_norm');
      norms.forEach(({ outputs }, i) => {
        for (const [j, part] of ['running_mean', 'running_var'].entries()) {
          const tensor = outputs[part] as Tensor;
          const value = values[2 * i + j] as number;
          const filled = new Float64Array(tensor.size).fill(value);
          tensor.write(hostTensorFrom('f32', tensor.shape, filled));
        }
      });
      model.keepStatistics();
    };
    await pass(undefined, [9, 9, 9, 9]);
    expect(await read()).toEqual(start);
    await pass(new RandomState(7), [2, 3, 4, 5]);
    const kept = {
      'bn1.running_mean': [2, 2, 2, 2],
      'bn1.running_var': [3, 3, 3, 3],
      'bn2.running_mean': [4, 4, 4, 4, 4, 4],
      'bn2.running_var': [5, 5, 5, 5, 5, 5],
    };
    expect(await read()).toEqual(kept);
    // What it took over is gone with its tape.
    model.keepStatistics();
    expect(await read()).toEqual(kept);
  });
});

/** Expansion, channels, blocks and stride of the first (Sandler et al., 2018, table 2). */
const TABLE = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;

describe('MobileNetV2', () => {
  test('has the blocks of its paper, named as torchvision names them', () => {
    const layer = (name: string, norm: string, from: number, to: number, more: object = {}) => ({
      ...{ name, norm, from, to, kernel: 1, stride: 1, groups: 1, activated: true, ternary: true },
      ...more,
    });
    const stem = { kernel: 3, stride: 2, ternary: false };
    const blocks = [
      { layers: [layer('features.0.0', 'features.0.1', 3, 32, stem)], residual: false },
    ];
    let from = 32;
    for (const [t, c, n, s] of TABLE) {
      for (let i = 0; i < n; i++) {
        const at = `features.${blocks.length}.conv`;
        const hidden = t * from;
        const stride = i === 0 ? s : 1;
        const inner = { kernel: 3, stride, groups: hidden };
        blocks.push({
          layers:
            t === 1
              ? [
                  layer(`${at}.0.0`, `${at}.0.1`, hidden, hidden, inner),
                  layer(`${at}.1`, `${at}.2`, hidden, c, { activated: false }),
                ]
              : [
                  layer(`${at}.0.0`, `${at}.0.1`, from, hidden),
                  layer(`${at}.1.0`, `${at}.1.1`, hidden, hidden, inner),
                  layer(`${at}.2`, `${at}.3`, hidden, c, { activated: false }),
                ],
          residual: stride === 1 && from === c,
        });
        from = c;
      }
    }
    blocks.push({
      layers: [layer('features.18.0', 'features.18.1', 320, 1280)],
      residual: false,
    });
    expect(blocksOf({ classes: 10 })).toEqual(blocks);
  });

  /** The ops of a pass over two images of 3 x 32 x 32 with a quarter of the channels. */
  function expectedOps(training: boolean, ternaryStem: boolean): readonly AppliedOp[] {
    const ops: AppliedOp[] = [];
    let x = 'x';
    let channels = 3;
    let side = 32;
    const shape = () => `2x${channels}x${side}x${side}`;
    const conv = (
      name: string,
      bn: string,
      to: number,
      { kernel = 1, stride = 1, groups = 1, activated = true, ternary = true } = {},
    ) => {
      const weight = `${to}x${channels / groups}x${kernel}x${kernel}`;
      if (ternary)
        ops.push(
          op(`${name}.quantize`, 'ternary_quantize', `weight=${name}.weight ${weight}`, weight),
        );
      const used = ternary ? `${name}.quantize.dequant` : `${name}.weight`;
      const operands = `x=${x} ${shape()}, weight=${used} ${weight}`;
      channels = to;
      side /= stride;
      const p = kernel === 3 ? 1 : 0;
      const params = { stride: [stride, stride], padding: [p, p, p, p], groups };
      ops.push(op(name, 'conv2d', operands, shape(), params));
      ops.push(norm(bn, name, to, shape(), training));
      x = `${bn}.y`;
      if (!activated) return;
      ops.push(op(`${name}.relu6`, 'relu6', `x=${x} ${shape()}`, shape()));
      x = `${name}.relu6`;
    };
    conv('features.0.0', 'features.0.1', 8, { kernel: 3, stride: 2, ternary: ternaryStem });
    let at = 0;
    // A quarter of the channels, as multiples of 8 that are not below nine tenths.
    const widths = [8, 8, 8, 16, 24, 40, 80];
    for (const [row, [t, , n, s]] of TABLE.entries()) {
      const to = widths[row] as number;
      for (let i = 0; i < n; i++) {
        at++;
        const before = { x, channels };
        const stride = i === 0 ? s : 1;
        const hidden = t * channels;
        const name = `features.${at}.conv`;
        const last = t === 1 ? 1 : 2;
        if (t > 1) conv(`${name}.0.0`, `${name}.0.1`, hidden);
        const depthwise = { kernel: 3, stride, groups: hidden };
        conv(`${name}.${last - 1}.0`, `${name}.${last - 1}.1`, hidden, depthwise);
        conv(`${name}.${last}`, `${name}.${last + 1}`, to, { activated: false });
        if (stride !== 1 || before.channels !== to) continue;
        const operands = `a=${before.x} ${shape()}, b=${x} ${shape()}`;
        x = `features.${at}.add`;
        ops.push(op(x, 'add', operands, shape()));
      }
    }
    conv('features.18.0', 'features.18.1', 1280);
    ops.push(op('avgpool', 'global_avg_pool2d', `x=${x} ${shape()}`, '2x1280x1x1'));
    if (training)
      ops.push(
        op('classifier.0', 'dropout', 'x=avgpool 2x1280', '2x1280', { p: 0.2, seed: 7, offset: 0 }),
      );
    const features = training ? 'classifier.0' : 'avgpool';
    ops.push(linear('classifier.1', `${features} 2x1280`, '4x1280', '2x4'));
    return ops;
  }

  test.each<[boolean, Partial<MobileNetV2Config>]>([
    [false, {}],
    [true, { ternaryStem: true }],
  ])('applies them in order (training: %s, %j)', async (training, options) => {
    const config = { classes: 4, width: 0.25, ...options };
    const { ops, logits, left } = await applied(
      (gpu) => new MobileNetV2(gpu, config, new Random(1)),
      images([2, 3, 32, 32]),
      { training },
    );
    expect(ops).toEqual(expectedOps(training, options.ternaryStem ?? false));
    expect([logits, left]).toEqual([[2, 4], 0]);
  });

  test('takes over what a training step made of its statistics', async () => {
    const { gpu } = await hostGpu();
    using model = new MobileNetV2(gpu, { classes: 4, width: 0.25 }, new Random(1));
    const trace: Application<Tensor>[] = [];
    using x = Tensor.zeros(gpu, [2, 3, 32, 32]);
    using tape = new Tape(gpu, [], { trace, random: new RandomState(7) });
    model.forward(tape, { x });
    const [mean] = trace.flatMap(({ outputs }) => outputs['running_mean'] ?? []);
    mean?.write(hostTensorFrom('f32', [8], [1, 2, 3, 4, 5, 6, 7, 8]));
    model.keepStatistics();
    const kept = await (model.statistics['features.0.1.running_mean'] as Tensor).read();
    expect([...kept.data]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(Object.keys(model.statistics)).toHaveLength(2 * 52);
  });
});

describe('a transformer of one block', () => {
  const config = { vocab: 11, length: 3, heads: 4, kvHeads: 2, headDim: 6, inner: 5 };
  const ids = (gpu: Gpu) => ({ ids: Tensor.empty(gpu, 'i32', [2, 3]) });
  const project = (name: string, a: string, b: string, y: string) =>
    op(name, 'matmul', `a=${a}, b=${name}.weight ${b}`, y, { transpose_b: true });
  const split = (name: string, heads: number) =>
    op(name, 'transpose', `x=${name} 2x3x${heads}x6`, `2x${heads}x3x6`, { perm: [0, 2, 1, 3] });
  const rms = (name: string, x: string) =>
    op(name, 'rms_norm', `x=${x} 2x3x24, weight=${name}.weight 24`, '2x3x24', { eps: 1e-5 });
  test('is a block of Llama between embeddings and a head', async () => {
    const { ops, logits, left } = await applied(
      (gpu) => new Transformer(gpu, config, new Random(1)),
      ids,
    );
    const at = 'self_attn';
    expect(ops).toEqual([
      op('embed_tokens', 'embedding', 'weight=embed_tokens.weight 11x24, ids=ids 2x3', '2x3x24'),
      rms('input_layernorm', 'embed_tokens'),
      project(`${at}.q_proj`, 'input_layernorm 2x3x24', '24x24', '2x3x24'),
      split(`${at}.q_proj`, 4),
      project(`${at}.k_proj`, 'input_layernorm 2x3x24', '12x24', '2x3x12'),
      split(`${at}.k_proj`, 2),
      op(
        `${at}.rotary_emb`,
        'rotary_embedding',
        `q=${at}.q_proj' 2x4x3x6, k=${at}.k_proj' 2x2x3x6, position_ids=its own 3`,
        '2x4x3x6',
        { head_dim: 6 },
      ),
      project(`${at}.v_proj`, 'input_layernorm 2x3x24', '12x24', '2x3x12'),
      split(`${at}.v_proj`, 2),
      op(
        at,
        'scaled_dot_product_attention',
        `q=${at}.rotary_emb.q 2x4x3x6, k=${at}.rotary_emb.k 2x2x3x6, v=${at}.v_proj' 2x2x3x6`,
        '2x4x3x6',
        { causal: true },
      ),
      op(at, 'transpose', `x=${at} 2x4x3x6`, '2x3x4x6', { perm: [0, 2, 1, 3] }),
      project(`${at}.o_proj`, `${at}' 2x3x24`, '24x24', '2x3x24'),
      op(`${at}.residual`, 'add', `a=embed_tokens 2x3x24, b=${at}.o_proj 2x3x24`, '2x3x24'),
      rms('post_attention_layernorm', `${at}.residual`),
      op(
        'mlp',
        'swiglu_mlp',
        `x=post_attention_layernorm 2x3x24, ${[
          ['gate', '5x24'],
          ['up', '5x24'],
          ['down', '24x5'],
        ]
          .map(([of, shape]) => `${of}=mlp.${of}_proj.weight ${shape}`)
          .join(', ')}`,
        '2x3x24',
      ),
      op('mlp.residual', 'add', `a=${at}.residual 2x3x24, b=mlp 2x3x24`, '2x3x24'),
      rms('norm', 'mlp.residual'),
      project('lm_head', 'norm 2x3x24', '11x24', '2x3x11'),
    ]);
    expect([logits, left]).toEqual([[6, 11], 0]);
  });

  test('counts its positions from 0', async () => {
    const { gpu } = await hostGpu();
    using model = new Transformer(gpu, config, new Random(1));
    const given = ids(gpu);
    const trace: Application<Tensor>[] = [];
    using tape = new Tape(gpu, [], { trace });
    model.forward(tape, given);
    const [positions] = trace.flatMap(({ inputs }) => inputs['position_ids'] ?? []);
    expect(positions?.dtype).toBe('i32');
    expect([...((await positions?.read())?.data ?? [])]).toEqual([0, 1, 2]);
  });
});

describe('a classifier of sequences', () => {
  const config = { vocab: 11, heads: 2, headDim: 3, classes: 5, dropout: 0.25 };
  const inputs = (gpu: Gpu): Tensors => ({
    ids: Tensor.empty(gpu, 'i32', [2, 4]),
    mask: Tensor.empty(gpu, 'u8', [2, 1, 1, 4]),
    share: Tensor.zeros(gpu, [2, 4, 1]),
  });
  const layerNorm = (name: string, x: string) =>
    op(name, 'layer_norm', `x=${x} 2x4x6, weight=${name}.weight 6, bias=${name}.bias 6`, '2x4x6', {
      eps: 1e-5,
    });
  // 48 numbers are 12 counts of four.
  const drop = (name: string, x: string, offset: number) =>
    op(name, 'dropout', `x=${x} 2x4x6`, '2x4x6', { p: 0.25, seed: 7, offset });
  test.each([false, true])('sees both ways, and takes a mean (training: %s)', async (training) => {
    const { ops, logits, left } = await applied(
      (gpu) => new SequenceClassifier(gpu, config, new Random(1)) as unknown as Model,
      inputs,
      { training },
    );
    const [attended, mapped] = training ? ['dropout1', 'dropout2'] : ['out_proj', 'linear2'];
    expect(ops).toEqual([
      op('embeddings', 'embedding', 'weight=embeddings.weight 11x6, ids=ids 2x4', '2x4x6'),
      layerNorm('norm1', 'embeddings'),
      ...['query', 'key', 'value'].map((name) => linear(name, 'norm1 2x4x6', '6x6', '2x4x6')),
      op(
        'attention',
        'scaled_dot_product_attention',
        'q=query 2x4x6, k=key 2x4x6, v=value 2x4x6, mask=mask 2x1x1x4',
        '2x4x6',
        { heads: 2, kv_heads: 2 },
      ),
      linear('out_proj', 'attention 2x4x6', '6x6', '2x4x6'),
      ...(training ? [drop('dropout1', 'out_proj', 0)] : []),
      op('residual1', 'add', `a=embeddings 2x4x6, b=${attended} 2x4x6`, '2x4x6'),
      layerNorm('norm2', 'residual1'),
      linear('linear1', 'norm2 2x4x6', '12x6', '2x4x12'),
      op('gelu', 'gelu', 'x=linear1 2x4x12', '2x4x12'),
      linear('linear2', 'gelu 2x4x12', '6x12', '2x4x6'),
      ...(training ? [drop('dropout2', 'linear2', 12)] : []),
      op('residual2', 'add', `a=residual1 2x4x6, b=${mapped} 2x4x6`, '2x4x6'),
      op('pooler', 'mul', 'a=residual2 2x4x6, b=share 2x4x1', '2x4x6'),
      op('pooler', 'reduce_sum', 'x=pooler 2x4x6', '2x6', { axes: [1], keepdims: false }),
      linear('classifier', "pooler' 2x6", '5x6', '2x5'),
    ]);
    expect([logits, left]).toEqual([[2, 5], 0]);
  });
});
