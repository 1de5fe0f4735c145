import { describe, expect, test } from 'vitest';
import { checkGraph } from '../../graph/check.ts';
import { callsOf } from '../../graph/graph.ts';
import { run } from '../../graph/run.ts';
import { blockFormatOf } from '../../quant/registry.ts';
import { decoded, type QuantizedWeight } from '../../quant/weight.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';
import type { Value } from '../record.ts';
import { referenceRunner } from '../runner.ts';
import { constantsOf, llamaGraph, packedInputs } from './model.ts';

const config = {
  hidden: 8,
  layers: 1,
  heads: 2,
  kv_heads: 1,
  rms_eps: 1e-5,
  rope_theta: 100,
};
const zeros = (...shape: Shape): Value => ({ shape, data: new Float64Array(sizeOf(shape)) });
const block = (module: string) => `model.layers.0.${module}`;
const QUERIES = block('self_attn.q_proj');
const dense = {
  'model.embed_tokens.weight': zeros(11, 8),
  [block('input_layernorm.weight')]: zeros(8),
  [`${QUERIES}.weight`]: zeros(8, 8),
  [block('self_attn.k_proj.weight')]: zeros(4, 8),
  [block('self_attn.v_proj.weight')]: zeros(4, 8),
  [block('self_attn.o_proj.weight')]: zeros(8, 8),
  [block('post_attention_layernorm.weight')]: zeros(8),
  [block('mlp.gate_proj.weight')]: zeros(12, 8),
  [block('mlp.up_proj.weight')]: zeros(12, 8),
  [block('mlp.down_proj.weight')]: zeros(8, 12),
  'model.norm.weight': zeros(8),
  'lm_head.weight': zeros(11, 8),
};
const { 'lm_head.weight': _, ...withoutHead } = dense;
const tied = { ...config, tie_word_embeddings: true };
const quantized: QuantizedWeight<Value> = {
  format: blockFormatOf('nf4'),
  blocksize: 64,
  shape: [8, 8],
  parts: { packed: zeros(32, 1), absmax: zeros(1) },
};
const adapted = {
  ...dense,
  [`${QUERIES}.weight`]: quantized,
  [`${QUERIES}.lora_A`]: zeros(2, 8),
  [`${QUERIES}.lora_B`]: zeros(8, 2),
  [`${QUERIES}.magnitude`]: zeros(8),
};
const adapter = { r: 2, alpha: 3, use_dora: true };
const batch = [2, 5];

const heads = [block('self_attn.q_norm.weight'), block('self_attn.k_norm.weight')];
const biases = { [`${QUERIES}.bias`]: zeros(8), [block('mlp.down_proj.bias')]: zeros(8) };
const ofFamilies = {
  ...dense,
  ...biases,
  ...Object.fromEntries(heads.map((name) => [name, zeros(4)])),
};
const families = {
  ...{ ...config, qk_norm: true, head_dim: 4 },
  rope_scaling: { rope_type: 'linear', factor: 2 } as const,
  sliding_window: { tokens: 3, layers: [0] },
};

test('a window shows the last positions, its own too', () => {
  const { 'window.seen': seen } = constantsOf({ config: families, weights: ofFamilies, batch });
  expect(
    Array.from({ length: 5 }, (_, i) => [...(seen?.data.slice(5 * i, 5 * i + 5) ?? [])]),
  ).toEqual([
    [1, 0, 0, 0, 0],
    [1, 1, 0, 0, 0],
    [1, 1, 1, 0, 0],
    [0, 1, 1, 1, 0],
    [0, 0, 1, 1, 1],
  ]);
  const short = constantsOf({ config: families, weights: ofFamilies, batch: [2, 3] });
  expect(short).not.toHaveProperty(['window.seen']);
});

test('tokens turn as in a text that ends with what is read with them, and keep that', () => {
  const rope_scaling = {
    ...{ rope_type: 'longrope' as const, attention_factor: 1 },
    ...{ short_factor: [1, 1], long_factor: [2, 4] },
    original_max_position_embeddings: 4,
  };
  const sines = (together?: number) => {
    const model = { config: { ...config, rope_scaling }, weights: dense, batch: [2, 6], together };
    return [...(constantsOf(model)['rotary.sin']?.data ?? [])];
  };
  const turned = (...divisors: readonly (readonly [number, number])[]) =>
    [...divisors, ...divisors].flatMap(([first, second], i) => {
      const position = i % divisors.length;
      return [Math.sin(position / first), Math.sin((position * 0.1) / second)];
    });
  const short = [1, 1] as const;
  const long = [2, 4] as const;
  const close = (expected: readonly number[]) => expected.map((x) => expect.closeTo(x, 12));
  expect(sines()).toEqual(close(turned(long, long, long, long, long, long)));
  expect(sines(3)).toEqual(close(turned(short, short, short, short, long, long)));
  expect(sines(5)).toEqual(close(turned(long, long, long, long, long, long)));
});

/** Numbers other than zero in place of others, of weights that are not in codes. */
const drawn = (weights: Readonly<Record<string, Value>>) =>
  Object.fromEntries(
    Object.entries(weights).map(([name, { shape }], at) => {
      const data = Float64Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(9 * at + i));
      return [name, { shape, data }];
    }),
  );
const row = (...data: number[]): Value => ({
  shape: [1, data.length],
  data: Float64Array.from(data),
});

/** What a model gives of these inputs. */
async function logits(
  model: Omit<Parameters<typeof llamaGraph>[0], 'endsInLogits'>,
  given: Record<string, Value>,
): Promise<number[]> {
  const ending = { ...model, endsInLogits: true };
  const graph = llamaGraph(ending);
  checkGraph(graph);
  const values = await run(graph, referenceRunner, { ...constantsOf(ending), ...given });
  return [...(values.get(graph.outputs['logits'] as number)?.data ?? [])];
}

test('a weight in codes that has no adapter multiplies as what it decodes to, with its bias', async () => {
  const bytes = Float64Array.from({ length: 32 }, (_, i) => (i * 37) % 256);
  const parts = { packed: { shape: [32, 1], data: bytes }, absmax: { ...row(0.7), shape: [1] } };
  const coded = { ...quantized, parts };
  const whole = { shape: [8, 8], data: decoded(coded) };
  const of = (weight: typeof coded | typeof whole) => {
    const weights = { ...drawn({ ...dense, ...biases }), [`${QUERIES}.weight`]: weight };
    return logits({ config, weights, batch: [1, 4] }, { ids: row(3, 1, 10, 0) });
  };
  expect(await of(coded)).toEqual((await of(whole)).map((x) => expect.closeTo(x, 12)));
});

describe('packed texts', () => {
  const weights = drawn(ofFamilies);
  const packed = { config: families, weights, batch: [1, 7], isPacked: true };

  test('give what each gives alone', async () => {
    const documents = row(4, 4, 4, 4, 4, 2, 2);
    const ids = [3, 1, 10, 0, 7, 5, 5];
    const all = await logits(packed, { ids: row(...ids), ...packedInputs(families, documents) });
    const alone = await Promise.all(
      [ids.slice(0, 5), ids.slice(5)].map((own) =>
        logits({ ...packed, batch: [1, own.length], isPacked: false }, { ids: row(...own) }),
      ),
    );
    expect(all).toEqual(alone.flat().map((x) => expect.closeTo(x, 10)));
    // As one text the last token has other neighbours.
    const one = await logits({ ...packed, isPacked: false }, { ids: row(...ids) });
    expect(Math.abs((one[66] as number) - (all[66] as number))).toBeGreaterThan(1e-3);
  });

  test('see their own tokens, and of these the last in a window', () => {
    const { 'window.seen': near, 'documents.seen': seen } = packedInputs(
      { ...families, sliding_window: { tokens: 2, layers: [0] } },
      row(1, 1, 1, 1, 0, 1),
    );
    const rows = (value: Value | undefined) =>
      Array.from({ length: 6 }, (_, i) => value?.data.slice(6 * i, 6 * i + 6).join(''));
    expect(rows(seen)).toEqual(['100000', '110000', '111000', '111100', '000010', '000001']);
    expect(rows(near)).toEqual(['100000', '110000', '011000', '001100', '000010', '000001']);
  });
});

describe('the graph of a Llama', () => {
  test.each([
    ['whole', { config, weights: dense, batch }],
    ['with all that other families have', { config: families, weights: ofFamilies, batch }],
    ['with a tied head', { config: tied, weights: withoutHead, batch }],
    ['with an adapter over 4 bits', { config, weights: adapted, adapter, batch }],
    [
      'with all that training adds',
      {
        config,
        weights: adapted,
        adapter,
        batch,
        autocast: 'bfloat16' as const,
        dropout: { p: 0.3, seed: 5 },
      },
    ],
  ])('%s: every call is as its signature allows, and reads what is given', (_, model) => {
    const graph = llamaGraph(model);
    expect(() => checkGraph(graph)).not.toThrow();
    const given = constantsOf(model);
    expect(Object.keys(graph.constants).sort()).toEqual(Object.keys(given).sort());
    const shapes = Object.entries(given).map(([name, { shape }]) => [name, shape]);
    expect(
      Object.entries(graph.constants).map(([name, id]) => [name, graph.values[id]?.shape]),
    ).toEqual(expect.arrayContaining(shapes));
  });

  test('has one call for each module and sum', () => {
    const layers = callsOf(llamaGraph({ config, weights: dense, batch })).map(({ layer }) => layer);
    expect(new Set(layers).size).toBe(layers.length);
    expect(layers).toHaveLength(20);
  });

  test('has adapters over weights as these are stored, whatever is said of another', () => {
    const paramsOver = (weights: typeof adapted, base: string) =>
      callsOf(llamaGraph({ config, weights, adapter: { ...adapter, base }, batch })).flatMap(
        ({ op, params }) => (op.name === 'lora_linear' ? [params] : []),
      );
    const whole = { ...adapted, [`${QUERIES}.weight`]: zeros(8, 8) };
    expect(paramsOver(adapted, 'dense')).toEqual([{ ...adapter, base: 'nf4', blocksize: 64 }]);
    expect(paramsOver(whole, 'nf4')).toEqual([{ ...adapter, base: 'dense' }]);
  });

  test('under autocast casts operands of products, and neither codes, scales nor magnitudes', () => {
    const graph = llamaGraph({ config, weights: adapted, adapter, batch, autocast: 'float16' });
    const casts = callsOf(graph).filter(({ op }) => op.name === 'cast');
    const of = (module: string) =>
      casts.flatMap(({ layer }) => (layer.startsWith(module) ? [layer.slice(module.length)] : []));
    expect(of(QUERIES)).toEqual(['.x', '.lora_A', '.lora_B']);
    expect(of(block('mlp.down_proj'))).toEqual(['.b']);
    expect(graph.values[graph.outputs['logits'] as number]?.dtype).toBe('f16');
    expect(graph.values[graph.outputs['loss'] as number]?.dtype).toBe('f32');
  });

  test('drops out what attention and perceptron add', () => {
    const dropout = { p: 0.3, seed: 5 };
    const calls = callsOf(llamaGraph({ config, weights: dense, batch, dropout }));
    const dropped = calls.flatMap(({ op, layer, params }) =>
      op.name === 'dropout' ? [[layer, params]] : [],
    );
    expect(dropped).toEqual([
      [block('self_attn.residual.dropout'), expect.objectContaining(dropout)],
      [block('mlp.residual.dropout'), expect.objectContaining(dropout)],
    ]);
  });

  test('attends to what came before, with heads side by side', () => {
    const calls = callsOf(llamaGraph({ config, weights: dense, batch }));
    const attention = calls.find(({ op }) => op.name === 'scaled_dot_product_attention');
    expect(attention?.params).toEqual({ causal: true, scale: 0.5, heads: 2, kv_heads: 1 });
    const rotated = calls.filter(({ op }) => op.name === 'rotary_embedding_cache');
    expect(rotated.map(({ layer, params }) => [layer, params])).toEqual([
      [block('self_attn.rotary_q'), { convention: 'half-split', heads: 2 }],
      [block('self_attn.rotary_k'), { convention: 'half-split', heads: 1 }],
    ]);
    const { constants } = llamaGraph({ config, weights: dense, batch });
    const tables = { cos: constants['rotary.cos'], sin: constants['rotary.sin'] };
    for (const { inputs } of rotated) expect(inputs).toMatchObject(tables);
    const norms = calls.filter(({ op }) => op.name === 'rms_norm');
    expect(norms.map(({ params }) => params)).toEqual(new Array(3).fill({ eps: 1e-5 }));
  });

  test.each([
    [
      'quantized where no product reads it',
      { ...dense, 'model.norm.weight': quantized },
      'model.norm.weight is quantized',
    ],
    ['missing', { 'lm_head.weight': zeros(11, 8) }, 'the model has no model.embed_tokens.weight'],
  ])('is refused where a weight is %s', (_, weights, message) => {
    expect(() => llamaGraph({ config, weights, batch })).toThrow(message);
  });
});
