import { afterEach, describe, expect, test, vi } from 'vitest';
import { WebGpuBackend } from '../backends/webgpu.ts';
import type { Gpu } from '../gpu/gpu.ts';
import type { Launcher } from '../ops/launcher.ts';
import type { HostFault, OpRecord, Sample } from '../reference/record.ts';
import { records } from '../reference/registry.ts';
import { hostTensorFrom } from '../tensor/host.ts';
import { mul } from '../vocabulary/math/mul.ts';
import { CaseContext } from './context.ts';
import { deriveSuite } from './derive.ts';
import { SuiteError } from './suite.ts';

const sample = (more: Partial<Sample<object>> = {}): Sample<object> => ({
  level: 'legal',
  label: { x: '3' },
  params: {},
  inputs: (random) => ({ x: hostTensorFrom('f32', [1], [random.uniform()]) }),
  ...more,
});
const grads: NonNullable<Sample<object>['grads']> = (random) => ({
  y: hostTensorFrom('f32', [1], [random.uniform()]),
});
const fault = (name: string, more: object = {}) => ({
  name,
  shader: { file: `math/${name}`, from: 'a', to: 'b' },
  ...more,
});
const FAULTS = [
  fault('backward', { direction: 'backward' }),
  fault('tiled', { variants: ['tiled'] }),
  fault('any'),
];

/** The cases of an op; `mul` stands for its signature. */
function casesOf(
  samples: readonly Sample<object>[],
  variants: Launcher['variants'],
  more: Partial<OpRecord> = {},
) {
  const record = {
    name: 'mul',
    family: 'math',
    summary: 'y = x',
    inputs: {
      x: { dtypes: ['f32'], differentiable: true },
      c: { dtypes: ['f32'], optional: true },
    },
    outputs: { y: { dtypes: ['f32'] } },
    vjp: () => ({}),
    samples,
    faults: FAULTS,
    plausibleBugs: [],
    ...more,
  } as unknown as OpRecord;
  return deriveSuite(record, { variants }).cases;
}

const variant = (more: object = {}) =>
  ({ kernels: [], depth: (terms: number) => terms, ...more }) as Launcher['variants'][string];
const ONE = { naive: variant() };
const TWO = { naive: variant(), tiled: variant({ needs: ['subgroups'] }) };
const idsOf = (...args: Parameters<typeof casesOf>) => casesOf(...args).map(({ id }) => id);
const HALVES = ['ops.math.mul:half;storage=f16', 'ops.math.mul:half;storage=bf16'];

describe('the cases of an op', () => {
  test('are its samples forward, and backward where there are gradients and a record of them', () => {
    expect(idsOf([sample({ grads }), sample({ level: 'exact', label: { x: '4' } })], ONE)).toEqual([
      'ops.math.mul:legal;x=3',
      'ops.math.mul:legal-gradient;x=3',
      'ops.math.mul:exact;x=4',
      ...HALVES,
    ]);
    expect(idsOf([sample({ grads })], ONE, { vjp: undefined as never })).toEqual([
      'ops.math.mul:legal;x=3',
      ...HALVES,
    ]);
  });

  test('name a variant where there are several, and run each, or those of the sample', () => {
    const chosen = sample({ label: { x: '4' }, variants: ['tiled'] });
    expect(idsOf([sample(), chosen], TWO).slice(0, 3)).toEqual([
      'ops.math.mul:legal;x=3;variant=naive',
      'ops.math.mul:legal;x=3;variant=tiled',
      'ops.math.mul:legal;x=4;variant=tiled',
    ]);
  });

  test('have the needs of their variant, the tier and rows of their sample, and its words', () => {
    const rows = { forward: ['tb.utilities.timeout'], backward: ['tb.utilities.markers'] } as const;
    const full = sample({ grads, tier: 'full', covers: rows });
    const [naive, , tiled] = casesOf([full], TWO);
    expect([naive?.needs, tiled?.needs, naive?.tier]).toEqual([[], ['subgroups'], 'full']);
    const [, backward, exact] = casesOf([full, sample({ level: 'exact', label: {} })], ONE);
    expect([naive?.covers, backward?.covers, exact?.covers, exact?.tier]).toEqual([
      ['tb.utilities.timeout'],
      ['tb.utilities.markers'],
      [],
      'quick',
    ]);
    expect([naive, backward, exact].map((each) => each?.description)).toEqual([
      'y = x. Every element must be within the error bound that any legal GPU keeps.',
      'gradients of: y = x. Every element must be within the error bound that any legal GPU keeps.',
      'y = x. Small integers, so that every legal order of operations gives the same result: equal values are demanded.',
    ]);
  });

  test('have another tier for gradients where their sample says so', () => {
    const tiers = (more: object) => casesOf([sample({ grads, ...more })], ONE).map((c) => c.tier);
    expect(tiers({}).slice(0, 2)).toEqual(['quick', 'quick']);
    expect(tiers({ gradientTier: 'full' }).slice(0, 2)).toEqual(['quick', 'full']);
    expect(tiers({ tier: 'slow' }).slice(0, 2)).toEqual(['slow', 'slow']);
  });

  test('are broken by the first fault of their direction and variant', () => {
    const names = casesOf([sample({ grads })], TWO).map(({ control }) => control.name);
    expect(names.slice(0, 4)).toEqual(['any', 'backward', 'tiled', 'backward']);
    const without = { faults: FAULTS.slice(0, 2) as never };
    expect(() => casesOf([sample()], ONE, without)).toThrow(
      new SuiteError('record mul names no fault for forward of variant naive'),
    );
  });

  test('with the kernels that some shapes run in its place', () => {
    const also = [{ shader: { file: 'math/narrow', from: 'c', to: 'd' } }];
    const faults = [fault('any', { also })];
    const [derived] = casesOf([sample()], ONE, { faults } as unknown as Partial<OpRecord>);
    expect(derived?.control.faults).toEqual([...faults, ...also]);
  });

  test('are given what their sample draws from the seed, the gradients behind the inputs', () => {
    const [forward, backward] = casesOf([sample({ grads })], ONE);
    const given = forward?.given?.(5);
    expect(given).toMatchObject({ op: mul, variant: 'naive', level: 'legal', params: {} });
    expect([given?.grads, given?.wants]).toEqual([undefined, undefined]);
    const flowing = backward?.given?.(5);
    expect(flowing?.inputs['x']).toEqual(given?.inputs['x']);
    expect(flowing?.grads?.['y']?.data[0]).not.toBe(flowing?.inputs['x']?.data[0]);
    expect(flowing?.wants).toEqual(['x']);
    expect(forward?.given?.(6).inputs['x']).not.toEqual(given?.inputs['x']);
  });
});

describe('a case that runs', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  /** What the product of 2 and 5 ends with where its op gives `y` and dispatches these kernels. */
  async function ended(y: number, ...dispatched: readonly string[]) {
    const memory = { guarded: false };
    const gpu = { memory, recorder: { dispatched: new Set<string>() } } as unknown as Gpu;
    const run = vi.spyOn(WebGpuBackend.prototype, 'run').mockImplementation(async () => {
      expect(memory.guarded).toBe(true);
      for (const kernel of dispatched) gpu.recorder.dispatched.add(kernel);
      return { outputs: { y: hostTensorFrom('f32', [1], [y]) }, gradients: {} };
    });
    const record = records.get('mul') as OpRecord;
    const factors = { a: hostTensorFrom('f32', [1], [2]), b: hostTensorFrom('f32', [1], [5]) };
    const samples = [sample({ level: 'exact', inputs: () => factors })];
    const variants = { naive: variant({ kernels: ['math/mul', 'math/mul_tail'] }) };
    const [declared] = casesOf(samples, variants, { ...record, samples });
    const t = new CaseContext({ gpu, ieee: true, seed: 5, injects: [] });
    const thrown = await declared?.run(t).catch((error: unknown) => error);
    expect(run.mock.lastCall).toEqual([declared?.given?.(5)]);
    return { thrown, assertions: t.evidence.assertions };
  }

  test('asserts its kernels and every element, from what its seed draws', async () => {
    // Its kernels, that y is there, and its one element.
    const right = { thrown: undefined, assertions: 3 };
    expect(await ended(10, 'math/mul')).toEqual(right);
    expect(await ended(10, 'math/mul', 'math/cast', 'math/reduce_sum')).toEqual(right);
    expect((await ended(11, 'math/mul')).thrown).toMatchObject({ code: 'not-equal' });
  });

  test('fails by a kernel of another variant before anything that it gave', async () => {
    expect((await ended(11, 'math/mul_tail', 'math/add')).thrown).toMatchObject({
      code: 'strange-kernel',
      message: 'variant naive dispatched math/add, which is not among its kernels',
    });
  });
});

describe('cases in halves', () => {
  const cases = (inputs: object, more: Partial<OpRecord> = {}) =>
    idsOf([], ONE, { inputs: inputs as never, ...more });

  test('are of ops that read floats, and whose record has none of its own', () => {
    expect(cases({ x: { dtypes: ['f32'] } })).toEqual(HALVES);
    expect(cases({ at: { dtypes: ['i32'] } })).toEqual([]);
    expect(cases({ x: { dtypes: ['f32'] }, w: { dtypes: ['f32', 'f16'] } })).toEqual([]);
    expect(cases({ x: { dtypes: ['f32', 'u32'] } })).toEqual([]);
    expect(cases({ x: { dtypes: ['f32'] }, at: { dtypes: ['u32'] } })).toEqual(HALVES);
    expect(cases({ x: { dtypes: ['f32'] } }, { forwardFrom: () => ({}) })).toEqual([]);
  });

  test('are quick in bfloat16 of one op for each kind of kernel', () => {
    const tiers = (name: string) => casesOf([], ONE, { name }).map(({ tier }) => tier);
    expect(tiers('conv2d')).toEqual(['full', 'quick']);
    expect(tiers('mul')).toEqual(['full', 'full']);
  });

  test('say what they are', () => {
    const [f16] = casesOf([], ONE);
    expect(f16?.description).toBe(
      'y = x, stored in halves: within the bound of float32 on the rounded inputs, and one rounding of the format.',
    );
    const [read] = f16?.control.faults ?? [];
    expect(read).toMatchObject({ host: { seam: 'storage.read' } });
    // The code of float32.
    const broken = (read as HostFault).host.wrap(() => 1);
    expect(broken()).toBe(0);
  });
});
