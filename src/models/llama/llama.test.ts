import { describe, expect, test } from 'vitest';
import { RandomState } from '../../autograd/random-state.ts';
import { Tape } from '../../autograd/tape.ts';
import { hostGpu } from '../../gpu/fixtures/host-gpu.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import type { Application } from '../../graph/call.ts';
import { blockFormatOf } from '../../quant/registry.ts';
import type { QuantizedWeight } from '../../quant/weight.ts';
import { type HostTensor, hostTensorFrom } from '../../tensor/host.ts';
import { Random } from '../../tensor/random.ts';
import { sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { type AppliedOp, appliedOps } from '../fixtures/applied-ops.ts';
import type { LlamaConfig } from './config.ts';
import { initialLlama } from './initial.ts';
import { Llama, type LlamaWeights } from './llama.ts';

/** Heads of 6 columns, two of them with the same keys; longer sequences than are given. */
const CONFIG: LlamaConfig = {
  ...{ length: 5, hidden: 24, layers: 2, heads: 4, kv_heads: 2, rms_eps: 1e-6, rope_theta: 500 },
};
const SIZES = { ...CONFIG, vocab: 11, intermediate: 10 };
const drawn = (config: LlamaConfig = CONFIG) =>
  new Map(initialLlama({ ...SIZES, ...config }, new Random(1)));
const whole = (config?: LlamaConfig): LlamaWeights => ({
  trained: drawn(config),
  frozen: new Map(),
});

async function applied(config: LlamaConfig, weights: LlamaWeights, random?: RandomState) {
  const { gpu } = await hostGpu();
  const model = new Llama(gpu, config, weights);
  const ids = Tensor.empty(gpu, 'i32', [2, 3]);
  const shown = appliedOps(gpu, model as never, { ids }, random);
  const names = model.names;
  model[Symbol.dispose]();
  ids[Symbol.dispose]();
  return { ...shown, names, left: gpu.memory.ledger.liveBytes };
}

const op = (layer: string, name: string, operands: string, y: string, params: object = {}) =>
  [layer, `${name}(${operands}) -> ${y}`, params] as const;
const project = (name: string, a: string, b: string, y: string, weight = name) =>
  op(name, 'matmul', `a=${a}, b=${weight}.weight ${b}`, y, { transpose_b: true });
const rms = (name: string, x: string) =>
  op(name, 'rms_norm', `x=${x} 2x3x24, weight=${name}.weight 24`, '2x3x24', { eps: 1e-6 });

/** What a pass over two sequences of three tokens applies; a linear may be another's affair. */
function expectedOps({
  dropout,
  head = 'lm_head',
  linear = project,
}: {
  dropout?: { readonly p: number; readonly seed: number };
  head?: string;
  linear?: typeof project;
} = {}): readonly AppliedOp[] {
  let offset = 0;
  const residual = (layer: string, a: string, b: string): AppliedOp[] => {
    const add = (from: string) => op(layer, 'add', `a=${a} 2x3x24, b=${from} 2x3x24`, '2x3x24');
    if (!dropout) return [add(b)];
    const name = `${layer}.dropout`;
    const dropped = op(name, 'dropout', `x=${b} 2x3x24`, '2x3x24', { ...dropout, offset });
    // 144 numbers are 36 counts of four.
    offset += 36;
    return [dropped, add(name)];
  };
  const block = (at: string, x: string): AppliedOp[] => {
    const attn = `${at}.self_attn`;
    const normed = `${at}.input_layernorm 2x3x24`;
    const heads = (name: string, count: number): AppliedOp[] => [
      linear(`${attn}.${name}`, normed, `${6 * count}x24`, `2x3x${6 * count}`),
      op(`${attn}.${name}`, 'transpose', `x=${attn}.${name} 2x3x${count}x6`, `2x${count}x3x6`, {
        perm: [0, 2, 1, 3],
      }),
    ];
    return [
      rms(`${at}.input_layernorm`, x),
      ...heads('q_proj', 4),
      ...heads('k_proj', 2),
      op(
        `${attn}.rotary_emb`,
        'rotary_embedding',
        `q=${attn}.q_proj' 2x4x3x6, k=${attn}.k_proj' 2x2x3x6, position_ids=its own 3`,
        '2x4x3x6',
        { head_dim: 6, theta: 500, convention: 'half-split' },
      ),
      ...heads('v_proj', 2),
      op(
        attn,
        'scaled_dot_product_attention',
        `q=${attn}.rotary_emb.q 2x4x3x6, k=${attn}.rotary_emb.k 2x2x3x6, v=${attn}.v_proj' 2x2x3x6`,
        '2x4x3x6',
        { causal: true },
      ),
      op(attn, 'transpose', `x=${attn} 2x4x3x6`, '2x3x4x6', { perm: [0, 2, 1, 3] }),
      linear(`${attn}.o_proj`, `${attn}' 2x3x24`, '24x24', '2x3x24'),
      ...residual(`${attn}.residual`, x, `${attn}.o_proj`),
      rms(`${at}.post_attention_layernorm`, `${attn}.residual`),
      linear(`${at}.mlp.gate_proj`, `${at}.post_attention_layernorm 2x3x24`, '10x24', '2x3x10'),
      op(`${at}.mlp.act_fn`, 'silu', `x=${at}.mlp.gate_proj 2x3x10`, '2x3x10'),
      linear(`${at}.mlp.up_proj`, `${at}.post_attention_layernorm 2x3x24`, '10x24', '2x3x10'),
      op(
        `${at}.mlp.gated`,
        'mul',
        `a=${at}.mlp.act_fn 2x3x10, b=${at}.mlp.up_proj 2x3x10`,
        '2x3x10',
      ),
      linear(`${at}.mlp.down_proj`, `${at}.mlp.gated 2x3x10`, '24x10', '2x3x24'),
      ...residual(`${at}.mlp.residual`, `${attn}.residual`, `${at}.mlp.down_proj`),
    ];
  };
  return [
    op(
      'model.embed_tokens',
      'embedding',
      'weight=model.embed_tokens.weight 11x24, ids=ids 2x3',
      '2x3x24',
    ),
    ...block('model.layers.0', 'model.embed_tokens'),
    ...block('model.layers.1', 'model.layers.0.mlp.residual'),
    rms('model.norm', 'model.layers.1.mlp.residual'),
    project('lm_head', 'model.norm 2x3x24', '11x24', '2x3x11', head),
  ];
}

describe('Llama', () => {
  test('is blocks of attention and of a gated perceptron between embeddings and a head', async () => {
    const { ops, logits, names, left } = await applied(CONFIG, whole());
    expect(ops).toEqual(expectedOps());
    expect([logits, left]).toEqual([[2, 3, 11], 0]);
    expect(names).toHaveLength(1 + 2 * 9 + 2);
  });

  test('takes its embeddings for its head where they are tied', async () => {
    const config = { ...CONFIG, tie_word_embeddings: true };
    const { ops, names } = await applied(config, whole(config));
    expect(ops).toEqual(expectedOps({ head: 'model.embed_tokens' }));
    expect(names).not.toContain('lm_head.weight');
  });

  test('drops of what attention and perceptron add, in training alone', async () => {
    const config = { ...CONFIG, dropout: 0.25 };
    const { ops } = await applied(config, whole(), new RandomState(7));
    expect(ops).toEqual(expectedOps({ dropout: { p: 0.25, seed: 7 } }));
    expect((await applied(config, whole())).ops).toEqual(expectedOps());
    expect((await applied(CONFIG, whole(), new RandomState(7))).ops).toEqual(expectedOps());
  });

  test('drops the same where its blocks are computed again', async () => {
    const config = { ...CONFIG, dropout: 0.25, checkpointing: true };
    const { ops, left } = await applied(config, whole(), new RandomState(7));
    const layers = ops.map(([layer, , params]) => [layer, params]);
    const expected = expectedOps({ dropout: { p: 0.25, seed: 7 } });
    expect(layers).toEqual(expected.map(([layer, , params]) => [layer, params]));
    expect(left).toBe(0);
  });

  test('keeps no more of a block than its result where it is computed again', async () => {
    const { gpu } = await hostGpu();
    const held = (checkpointing: boolean) => {
      using model = new Llama(gpu, { ...CONFIG, checkpointing }, whole());
      using ids = Tensor.empty(gpu, 'i32', [2, 3]);
      const { names } = model.parameters;
      using tape = new Tape(
        gpu,
        names.map((name) => model.parameters.view(name)),
      );
      const before = gpu.memory.ledger.liveBytes;
      model.forward(tape, { ids });
      return gpu.memory.ledger.liveBytes - before;
    };
    // Embeddings, two results of blocks and of the norm: 576 bytes each; its statistics 24, and
    // the logits 264.
    expect(held(true)).toBe(4 * 576 + 24 + 264);
    expect(held(false)).toBeGreaterThan(held(true));
  });

  test('counts positions from 0, as many as it is given tokens', async () => {
    const { gpu } = await hostGpu();
    using model = new Llama(gpu, CONFIG, whole());
    using ids = Tensor.empty(gpu, 'i32', [2, 3]);
    const trace: Application<Tensor>[] = [];
    using tape = new Tape(gpu, [], { trace });
    model.forward(tape, { ids });
    const [positions] = trace.flatMap(({ inputs }) => inputs['position_ids'] ?? []);
    expect(positions?.dtype).toBe('i32');
    expect([...((await positions?.read())?.data ?? [])]).toEqual([0, 1, 2]);
  });
});

const Q = 'model.layers.0.self_attn.q_proj';
const K = 'model.layers.1.self_attn.k_proj';
const UP = 'model.layers.1.mlp.up_proj';
const zeros = (...shape: number[]) =>
  hostTensorFrom('f32', shape, new Array(sizeOf(shape)).fill(0));

/** Codes of 4 bits, of a weight [rows, 24]: a block has 64. */
const quantized = (rows: number): QuantizedWeight<HostTensor> => ({
  format: blockFormatOf('nf4'),
  blocksize: 64,
  shape: [rows, 24],
  parts: {
    packed: hostTensorFrom('u8', [12 * rows, 1], new Array(12 * rows).fill(0)),
    absmax: zeros(Math.ceil((24 * rows) / 64)),
  },
});

test('Llama names what is trained, then what is frozen', async () => {
  const { gpu } = await hostGpu();
  const weights = [...drawn()];
  const trained = new Map(weights.slice(0, 2));
  using model = new Llama(gpu, CONFIG, { trained, frozen: new Map(weights.slice(2)) });
  expect(model.names).toEqual(weights.map(([name]) => name));
});

/** What rotates the second position of a text of so many tokens. */
async function sinesOf(gpu: Gpu, model: Llama, tokens: number) {
  using ids = Tensor.empty(gpu, 'i32', [1, tokens]);
  const trace: Application<Tensor>[] = [];
  using tape = new Tape(gpu, [], { trace });
  model.forward(tape, { ids });
  const [sin] = trace.flatMap(({ inputs }) => inputs['sin'] ?? []);
  return [...((await sin?.read())?.data ?? [])].slice(3, 6);
}

describe('Llama of another family', () => {
  const at = (layer: number) => `model.layers.${layer}.self_attn`;
  const opsOf = async (config: LlamaConfig, more: LlamaWeights['trained'] = new Map()) => {
    const weights = { trained: new Map([...drawn(config), ...more]), frozen: new Map() };
    const { ops, left } = await applied(config, weights);
    expect(left).toBe(0);
    return ops;
  };
  const of = (ops: readonly AppliedOp[], layer: string) =>
    ops.filter(([name]) => name === layer || name.startsWith(`${layer}.`));

  test('has heads of any width', async () => {
    const ops = await opsOf({ ...CONFIG, head_dim: 8 });
    expect(of(ops, `${at(0)}.q_proj`)[0]).toEqual(
      project(`${at(0)}.q_proj`, 'model.layers.0.input_layernorm 2x3x24', '32x24', '2x3x32'),
    );
    expect(of(ops, `${at(0)}.rotary_emb`)[0]?.[2]).toMatchObject({ head_dim: 8 });
    expect(of(ops, `${at(0)}.o_proj`)[0]).toEqual(
      project(`${at(0)}.o_proj`, `${at(0)}' 2x3x32`, '24x32', '2x3x24'),
    );
  });

  test('adds the biases that are given, below an adapter too', async () => {
    const biases = new Map([
      [`${at(0)}.q_proj.bias`, zeros(24)],
      ['model.layers.1.mlp.down_proj.bias', zeros(24)],
      [`${at(1)}.q_proj.bias`, zeros(24)],
      [`${at(1)}.q_proj.lora_A`, zeros(2, 24)],
      [`${at(1)}.q_proj.lora_B`, zeros(24, 2)],
    ]);
    const trained = new Map([...drawn(), ...biases]);
    const adapter = { r: 2, alpha: 4 };
    const { ops } = await applied(CONFIG, { trained, frozen: new Map(), adapter });
    const biased = ops.filter(([, call]) => call.includes('bias='));
    expect(biased.map(([layer, call]) => [layer, call.split('(')[0]])).toEqual([
      [`${at(0)}.q_proj`, 'matmul'],
      [`${at(1)}.q_proj`, 'lora_linear'],
      ['model.layers.1.mlp.down_proj', 'matmul'],
    ]);
  });

  test('normalizes heads before they rotate', async () => {
    const ops = await opsOf({ ...CONFIG, qk_norm: true });
    const norm = (name: string, heads: number) =>
      op(
        `${at(0)}.${name}_norm`,
        'rms_norm',
        `x=${at(0)}.${name}_proj' 2x${heads}x3x6, weight=${at(0)}.${name}_norm.weight 6`,
        `2x${heads}x3x6`,
        { eps: 1e-6 },
      );
    expect(of(ops, `${at(0)}.q_norm`)).toEqual([norm('q', 4)]);
    expect(of(ops, `${at(0)}.k_norm`)).toEqual([norm('k', 2)]);
    expect(of(ops, `${at(0)}.rotary_emb`)[0]?.[1]).toContain(`q=${at(0)}.q_norm 2x4x3x6`);
  });

  test('rotates by tables where frequencies are scaled, the same for all texts', async () => {
    const rope_scaling = { rope_type: 'linear', factor: 2 } as const;
    const ops = await opsOf({ ...CONFIG, rope_scaling });
    const turn = (name: string, heads: number) =>
      op(
        `${at(0)}.rotary_emb.${name}`,
        'rotary_embedding_cache',
        `x=${at(0)}.${name}_proj' 1x${2 * heads}x3x6, cos=its own 1x3x3, sin=its own 1x3x3`,
        `1x${2 * heads}x3x6`,
        { convention: 'half-split' },
      );
    expect(of(ops, `${at(0)}.rotary_emb`)).toEqual([turn('q', 4), turn('k', 2)]);
  });

  test('turns each text by frequencies of its own length where they are dynamic', async () => {
    const { gpu } = await hostGpu();
    const rope_scaling = { rope_type: 'dynamic', factor: 2, max_position_embeddings: 3 } as const;
    using model = new Llama(gpu, { ...CONFIG, rope_scaling }, whole());
    const before = gpu.memory.ledger.liveBytes;
    for (const tokens of [3, 5, 4, 2]) {
      const theta = 500 * (Math.max((2 * tokens) / 3, 2) - 1) ** (6 / 4);
      const sines = [0, 2, 4].map((k) => Math.fround(Math.sin(theta ** (-k / 6))));
      expect(await sinesOf(gpu, model, tokens)).toEqual(sines);
    }
    expect(gpu.memory.ledger.liveBytes).toBe(before);
  });

  test('divides frequencies by other factors in texts beyond the original context', async () => {
    const { gpu } = await hostGpu();
    const rope_scaling = {
      rope_type: 'longrope' as const,
      attention_factor: 1.5,
      ...{ short_factor: [1, 2, 4], long_factor: [2, 6, 20] },
      original_max_position_embeddings: 3,
    };
    using model = new Llama(gpu, { ...CONFIG, rope_scaling }, whole());
    const turned = (factors: readonly number[]) =>
      factors.map((factor, k) => Math.fround(1.5 * Math.sin(500 ** (-k / 3) / factor)));
    expect(await sinesOf(gpu, model, 3)).toEqual(turned(rope_scaling.short_factor));
    expect(await sinesOf(gpu, model, 4)).toEqual(turned(rope_scaling.long_factor));
    expect(await sinesOf(gpu, model, 5)).toEqual(turned(rope_scaling.long_factor));
  });

  test('has a mask of the window, in its layers, for texts of any length that is longer', async () => {
    const { gpu } = await hostGpu();
    const sliding_window = { tokens: 2, layers: [1] };
    using model = new Llama(gpu, { ...CONFIG, sliding_window }, whole());
    const masked = (tokens: number) => {
      using ids = Tensor.empty(gpu, 'i32', [2, tokens]);
      const { ops } = appliedOps(gpu, model as never, { ids });
      return ops.filter(([, call]) => call.includes('mask'));
    };
    for (const tokens of [3, 5, 4])
      expect(masked(tokens)).toEqual([
        ['window', `document_mask(documents=its own 1x${tokens}) -> 1x${tokens}`, { window: 2 }],
        [
          'model.layers.1.self_attn',
          expect.stringContaining(`mask=window.mask 1x1x${tokens}x${tokens}) -> 2x4x${tokens}x6`),
          { causal: true },
        ],
      ]);
    expect(masked(2)).toEqual([]);
  });
});

describe('packed texts of Llama', () => {
  test('have positions and masks of their own, of layers with a window other ones', async () => {
    const { gpu } = await hostGpu();
    const sliding_window = { tokens: 2, layers: [1] };
    const rope_scaling = { rope_type: 'linear', factor: 2 } as const;
    using model = new Llama(gpu, { ...CONFIG, sliding_window, rope_scaling }, whole());
    using ids = Tensor.empty(gpu, 'i32', [2, 3]);
    const shown = appliedOps(gpu, model as never, { ids, documents: ids });
    const of = (text: string) => shown.ops.filter(([, call]) => call.includes(text));
    expect(of('document_mask').map(([layer, , params]) => [layer, params])).toEqual([
      ['documents', {}],
      ['documents.window', { window: 2 }],
    ]);
    expect(of('position_ids=documents.position_ids 2x3')).toHaveLength(4);
    expect(of('mask=documents.mask 2x1x3x3').map(([layer]) => layer)).toEqual([
      'model.layers.0.self_attn',
    ]);
    expect(of('mask=documents.window.mask 2x1x3x3').map(([layer]) => layer)).toEqual([
      'model.layers.1.self_attn',
    ]);
  });

  test('are refused where positions depend on the longest of a row', async () => {
    const { gpu } = await hostGpu();
    const rope_scaling = { rope_type: 'dynamic', factor: 2, max_position_embeddings: 3 } as const;
    using model = new Llama(gpu, { ...CONFIG, rope_scaling }, whole());
    const packed = (tokens: number) => {
      using ids = Tensor.empty(gpu, 'i32', [1, tokens]);
      using tape = new Tape(gpu);
      return model.forward(tape, { ids, documents: ids }).shape;
    };
    expect(packed(3)).toEqual([1, 3, 11]);
    expect(() => packed(4)).toThrow(
      expect.objectContaining({
        code: 'bad-length',
        message: expect.stringContaining(
          'packed rows of 4 tokens are longer than the context of 3, beyond which',
        ),
      }),
    );
  });
});

describe('adapters of Llama', () => {
  const adapter = { r: 2, alpha: 4, use_dora: true };
  const frozen = new Map<string, HostTensor | QuantizedWeight<HostTensor>>(drawn());
  frozen.set(`${K}.weight`, quantized(12));
  frozen.set(`${UP}.weight`, quantized(10));
  const trained = new Map([
    [`${Q}.lora_A`, zeros(2, 24)],
    [`${Q}.lora_B`, zeros(24, 2)],
    [`${Q}.magnitude`, zeros(24)],
    [`${UP}.lora_A`, zeros(2, 24)],
    [`${UP}.lora_B`, zeros(10, 2)],
    // Half of an adapter is none.
    [`${K}.lora_A`, zeros(2, 24)],
  ]);
  const linear: typeof project = (name, a, b, y) => {
    if (name === Q) {
      const parts = `lora_A=${Q}.lora_A 2x24, lora_B=${Q}.lora_B 24x2, magnitude=${Q}.magnitude 24`;
      const operands = `x=${a}, ${parts}, weight=${Q}.weight 24x24`;
      return op(name, 'lora_linear', operands, y, { ...adapter, base: 'dense' });
    }
    if (name === K) {
      const operands = `x=${a}, packed=${K}.weight.packed 144x1, absmax=${K}.weight.absmax 5`;
      const sizes = { quant_type: 'nf4', blocksize: 64, out_features: 12, in_features: 24 };
      return op(name, 'matmul_4bit', operands, y, sizes);
    }
    return project(name, a, b, y);
  };

  test('stand beside frozen weights, dense or of 4 bits', async () => {
    const only = new Map([...trained].filter(([name]) => !name.startsWith(UP)));
    const weights = new Map(frozen);
    weights.set(`${UP}.weight`, drawn().get(`${UP}.weight`) as HostTensor);
    const { ops, left } = await applied(CONFIG, { trained: only, frozen: weights, adapter });
    expect(ops).toEqual(expectedOps({ linear }));
    expect(left).toBe(0);
  });

  test('stand beside a weight of 4 bits without a magnitude', async () => {
    const only = new Map([...trained].filter(([name]) => name.startsWith(UP)));
    const plain = { r: 2, alpha: 4 };
    const { ops } = await applied(CONFIG, { trained: only, frozen, adapter: plain });
    const inner = 'model.layers.1.post_attention_layernorm 2x3x24';
    const parts = `packed=${UP}.weight.packed 120x1, absmax=${UP}.weight.absmax 4`;
    expect(ops.filter(([layer]) => layer === UP)).toEqual([
      op(
        UP,
        'lora_linear',
        `x=${inner}, lora_A=${UP}.lora_A 2x24, lora_B=${UP}.lora_B 10x2, ${parts}`,
        '2x3x10',
        { ...plain, base: 'nf4', blocksize: 64 },
      ),
    ]);
  });

  test('are none where no parameters of adapters are given', async () => {
    const values = new Map([...drawn(), ...trained]);
    const { ops } = await applied(CONFIG, { trained: values, frozen: new Map() });
    expect(ops).toEqual(expectedOps());
  });
});

test('a value that no parameter has is named', async () => {
  const { gpu } = await hostGpu();
  using model = new Llama(gpu, CONFIG, { trained: new Map([['a', zeros(1)]]), frozen: new Map() });
  expect(() => model.view('b')).toThrow('no parameter is named b: there are a');
});

test('nothing is left of a model that does not fit in memory', async () => {
  const { gpu } = await hostGpu();
  // Five positions of four bytes fit, and the parameters do not.
  gpu.memory.budgetBytes = 100;
  expect(() => new Llama(gpu, CONFIG, whole())).toThrow('100');
  expect(gpu.memory.ledger.liveBytes).toBe(0);
});
