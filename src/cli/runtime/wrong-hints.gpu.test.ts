import { beforeAll, expect, test } from 'vitest';
import { drawnCall } from '../../bench/drawn.ts';
import { operand, opWork } from '../../bench/op-work.ts';
import { CallOracle } from '../../bench/oracle.ts';
import { Engine } from '../../bench/ours/engine.ts';
import { Gpu } from '../../gpu/gpu.ts';
import type { Launcher } from '../../ops/launcher.ts';
import { launchers } from '../../ops/registry.ts';
import { chooseVariant } from '../../ops/variants.ts';
import { wholes } from '../../testing/normals.ts';
import { scaledDotProductAttention } from '../../vocabulary/attention/scaled_dot_product_attention.ts';
import { matmul } from '../../vocabulary/matmul/matmul.ts';
import { crossEntropy } from '../../vocabulary/nn/cross_entropy.ts';
import { softmax } from '../../vocabulary/nn/softmax.ts';
import { changed, withAdapter } from './fixtures/changed-adapter.ts';
import { softwareProvider } from './fixtures/software-gpu.ts';

/** What an adapter tells of itself chooses kernels, and is no promise: all of them are right. */

let provider: GPU;
beforeAll(async () => {
  provider = await softwareProvider();
});

/** What an adapter is made to tell. */
interface Hint {
  readonly widest: number | undefined;
  readonly hasSubgroups: boolean;
  readonly isFallback: boolean;
}

const hinting = ({ widest, hasSubgroups, isFallback }: Hint): GPU =>
  withAdapter(provider, (adapter) => {
    const features = new Set(adapter.features);
    if (!hasSubgroups) features.delete('subgroups');
    const told = { ...infoOf(adapter), subgroupMaxSize: widest, isFallbackAdapter: isFallback };
    return changed(changed(adapter, 'features', features), 'info', told);
  });

/** Its properties are of its class, so that a spread has none. */
function infoOf({ info }: GPUAdapter) {
  const { vendor, architecture, device, description } = info;
  return { vendor, architecture, device, description };
}

const HEADS = [1, 1, 65, 32];
const LOGITS = [5, 300];
const shared = { sizes: {}, flops: 1 } as const;

/** Odd sizes, a partial last tile of each kernel, and rows wider than a workgroup. */
const WORKS = {
  product: opWork({
    ...{ ...shared, op: matmul, group: 'products', wants: ['a', 'b'] },
    inputs: { a: [37, 53], b: [53, 70] },
    gives: { y: [37, 70] },
  }),
  attention: opWork({
    ...{ ...shared, op: scaledDotProductAttention, group: 'attention', wants: ['q', 'k', 'v'] },
    params: { causal: true },
    inputs: { q: HEADS, k: HEADS, v: HEADS },
    gives: { y: HEADS },
  }),
  row: opWork({
    ...{ ...shared, op: softmax, group: 'rows', wants: ['x'] },
    inputs: { x: LOGITS },
    gives: { y: LOGITS },
  }),
  loss: opWork({
    ...{ ...shared, op: crossEntropy, group: 'rows', wants: ['logits'] },
    params: { log_probs: false },
    inputs: {
      logits: LOGITS,
      labels: operand([5], 'i32', (random, shape) => wholes(random, shape, 299)),
    },
    gives: { loss: [1] },
  }),
};

type Name = keyof typeof WORKS;
const NAMES = Object.keys(WORKS) as Name[];
const oracles = Object.fromEntries(
  NAMES.map((name) => [name, new CallOracle(drawnCall(WORKS[name]))]),
) as Record<Name, CallOracle>;

/** How many elements were judged, and by which kernels they were computed. */
async function judgedOn(gpu: Gpu, name: Name) {
  await using prepared = await new Engine(gpu).prepare(WORKS[name], 'eager');
  const { compared } = oracles[name].judge(await prepared.results());
  return { compared, kernels: prepared.kernels?.() ?? [] };
}

/** Outputs and gradients, every element. */
const ELEMENTS: Record<Name, number> = {
  product: 37 * 70 + 37 * 53 + 53 * 70,
  attention: 4 * 65 * 32,
  row: 2 * 5 * 300,
  loss: 1 + 5 * 300,
};

/** What is chosen for the works, in their order. */
type Choices = readonly [product: string, attention: string, row: string, loss: string];

const OF_FOUR: Choices = ['subgroup', 'flash', 'row-per-invocation', 'parts'];
const OF_MANY: Choices = ['tiled', 'tiled', 'row-per-workgroup', 'neighbours'];
const PLAIN: Choices = ['register', 'tiled', 'row-per-invocation', 'parts'];

const hint = (widest: number | undefined, hasSubgroups: boolean, isFallback: boolean): Hint => ({
  ...{ widest, hasSubgroups, isFallback },
});

test.each<[string, Hint, Choices]>([
  ['subgroups of 4, as it has', hint(4, true, true), OF_FOUR],
  ['subgroups of 64', hint(64, true, false), OF_MANY],
  ['a fallback with subgroups of 64', hint(64, true, true), OF_MANY],
  ['no subgroups', hint(undefined, false, false), OF_MANY],
  ['few lanes and no subgroups', hint(4, false, true), PLAIN],
])('an adapter that tells %s computes right, with gradients', async (_, told, choices) => {
  using gpu = await Gpu.request(hinting(told));
  expect(gpu.widestSubgroup).toBe(told.widest);
  expect(gpu.features.has('subgroups')).toBe(told.hasSubgroups);
  expect(gpu.adapter.isFallback).toBe(told.isFallback);
  for (const [i, name] of NAMES.entries()) {
    const work = WORKS[name];
    const launcher = launchers.get(work.op) as Launcher;
    const variant = chooseVariant(gpu, launcher, drawnCall(work).inputs);
    expect([name, variant]).toEqual([name, choices[i]]);
    const { compared, kernels } = await judgedOn(gpu, name);
    expect([name, compared]).toEqual([name, ELEMENTS[name]]);
    expect(launcher.variants[variant]?.kernels).toEqual(expect.arrayContaining([...kernels]));
  }
});
