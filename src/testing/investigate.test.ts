import { afterEach, describe, expect, test, vi } from 'vitest';
import { WebGpuBackend } from '../backends/webgpu.ts';
import type { Gpu } from '../gpu/gpu.ts';
import type { Call, Results } from '../graph/call.ts';
import type { Launcher } from '../ops/launcher.ts';
import { launchers } from '../ops/registry.ts';
import type { Judgement } from '../reference/judge.ts';
import type { Acceptance, Value } from '../reference/record.ts';
import type { DType } from '../tensor/dtype.ts';
import { type HostTensor, hostTensor, hostTensorFrom } from '../tensor/host.ts';
import { scaledDotProductAttention } from '../vocabulary/attention/scaled_dot_product_attention.ts';
import { mul } from '../vocabulary/math/mul.ts';
import type { FailedCall } from './failed-call.ts';
import { investigate, RerunnableCall } from './investigate.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

/** Attention has two variants, whose kernels are others. */
const VARIANTS = Object.keys(launchers.get('scaled_dot_product_attention')?.variants ?? {});
const [OWN = '', OTHER = ''] = VARIANTS;

type Run = Awaited<ReturnType<RerunnableCall['run']>>;

const right: Judgement = { ok: true, compared: 1, wrong: 0, inBand: 0 };
const wrongAt = (...index: number[]): Judgement => ({
  ok: false,
  compared: 9,
  wrong: 1,
  inBand: 0,
  firstWrong: { index, actual: 0, expected: 1 },
});
const ran = (judgement: Judgement | undefined, ...kernels: readonly string[]): Run => ({
  judgement,
  kernels: new Set(kernels),
  question: undefined,
});
const SAME = ran(wrongAt(2, 3), 'own');
const NEVER = Number.POSITIVE_INFINITY;

/** A device, and the devices beside it. */
class Device {
  readonly features = new Set<string>();
  readonly adapter: { readonly isFallback: boolean };
  readonly recorder = { pipelines: { mayRace: (file: string) => file === 'races' } };
  disposed = 0;
  readonly #fresh: Device | undefined;
  readonly #other: Device | undefined;

  constructor({
    fresh,
    other,
    isFallback = false,
  }: Partial<Record<'fresh' | 'other', Device>> & { readonly isFallback?: boolean } = {}) {
    this.#fresh = fresh;
    this.#other = other;
    this.adapter = { isFallback };
  }

  fresh(): Promise<Device> {
    return this.#fresh ? Promise.resolve(this.#fresh) : Promise.reject(new Error('no device'));
  }

  elsewhere(): Promise<Device | undefined> {
    return Promise.resolve(this.#other);
  }

  [Symbol.dispose](): void {
    this.disposed++;
  }
}

const half = (dtype: DType): HostTensor => hostTensorFrom(dtype, [1], [1]);

/** What running a call again shows, where each device gives these runs by the variant. */
async function shown(
  device: Device,
  runs: (on: Device, variant: string, count: number) => Run,
  {
    until = NEVER,
    inputs = {},
  }: { readonly until?: number; readonly inputs?: FailedCall['inputs'] } = {},
) {
  const asked: (readonly [on: Device, variant: string])[] = [];
  const call = {
    op: scaledDotProductAttention,
    variant: OWN,
    name: 'y',
    level: 'legal',
    params: {},
    inputs,
  } as const;
  const rerunnable = {
    call,
    run: async (on: Gpu, variant: string) => {
      asked.push([on as unknown as Device, variant]);
      return runs(on as unknown as Device, variant, asked.length);
    },
  };
  const reruns = await investigate(device as unknown as Gpu, rerunnable, [2, 3], until);
  return { reruns, asked };
}

describe('a failed call that is run again', () => {
  test('is so twice here, on a fresh device, on another adapter, and in its other variant', async () => {
    const fresh = new Device();
    const other = new Device();
    const here = new Device({ fresh, other });
    for (const device of [here, fresh, other]) device.features.add('subgroups');
    const { reruns, asked } = await shown(here, (on, variant) =>
      on === other ? ran(right) : variant === OTHER ? ran(wrongAt(2, 3), 'others') : SAME,
    );
    expect(asked).toEqual([
      [here, OWN],
      [here, OWN],
      [fresh, OWN],
      [other, OWN],
      [here, OTHER],
    ]);
    expect(reruns).toEqual({
      again: ['same', 'same', 'same'],
      mayRace: false,
      onFallback: false,
      elsewhere: 'right',
      independent: ['same'],
      withinHalf: false,
    });
    expect([here.disposed, fresh.disposed, other.disposed]).toEqual([0, 1, 1]);
  });

  test('is told right, wrong at the same element, wrong elsewhere, or not to be judged', async () => {
    const results = [SAME, ran(wrongAt(2, 4), 'own'), ran(undefined), ran(right)];
    const here = new Device({ fresh: new Device() });
    const { reruns } = await shown(here, (_on, _variant, count) => results[count - 1] as Run);
    expect(reruns.again).toEqual(['same', 'other', 'other']);
    expect(reruns).not.toHaveProperty('elsewhere');
    expect(reruns.independent).toEqual(['right']);
    const once = await shown(new Device(), (_on, _variant, count) =>
      count === 1 ? SAME : ran(right),
    );
    expect(once.reruns.again).toEqual(['same', 'right']);
  });

  test('may race where one of its kernels may, and is on a fallback where the adapter is one', async () => {
    const { reruns } = await shown(new Device({ isFallback: true }), (_on, variant) =>
      variant === OWN ? ran(wrongAt(0), 'own', 'races') : ran(right, 'races'),
    );
    expect(reruns).toMatchObject({ mayRace: true, onFallback: true });
    // The other variant dispatched a kernel of this one, and says nothing.
    expect(reruns.independent).toEqual([]);
  });

  test('begins nothing more once its time is over', async () => {
    const here = new Device({ fresh: new Device(), other: new Device() });
    const { reruns, asked } = await shown(here, () => SAME, { until: 0 });
    expect(asked).toHaveLength(2);
    expect(reruns).toMatchObject({ again: ['same', 'same'], independent: [] });
    expect(reruns).not.toHaveProperty('elsewhere');
    vi.spyOn(performance, 'now').mockReturnValue(5);
    expect((await shown(here, () => SAME, { until: 5 })).asked).toHaveLength(2);
  });
});

describe('variants that need a feature', () => {
  const matmul = launchers.get('matmul')?.variants ?? {};
  const [needy = ''] = Object.keys(matmul).filter((name) => matmul[name]?.needs);

  /** The variants that are run, and whether the other adapter was asked. */
  async function askedOf(variant: string, here: readonly string[], there: readonly string[]) {
    const other = new Device();
    const device = new Device({ other });
    for (const feature of here) device.features.add(feature);
    for (const feature of there) other.features.add(feature);
    const asked: string[] = [];
    const call = { op: { name: 'matmul' }, variant, inputs: {} } as unknown as FailedCall;
    const run = async (on: Gpu, name: string) => {
      asked.push(on === (other as unknown) ? 'elsewhere' : name);
      return ran(right);
    };
    await investigate(device as unknown as Gpu, { call, run }, [0], NEVER);
    return {
      others: asked.slice(2).filter((name) => name !== 'elsewhere'),
      elsewhere: asked.includes('elsewhere'),
    };
  }

  test('run only where it is', async () => {
    const needs = matmul[needy]?.needs ?? [];
    expect(needs.length).toBeGreaterThan(0);
    const plain = Object.keys(matmul).filter((name) => !matmul[name]?.needs);
    const [first = '', ...rest] = plain;
    expect(await askedOf(first, [], [])).toEqual({ others: rest, elsewhere: true });
    expect((await askedOf(first, needs, [])).others).toContain(needy);
    expect((await askedOf(needy, needs, [])).elsewhere).toBe(false);
    expect((await askedOf(needy, needs, needs)).elsewhere).toBe(true);
  });
});

describe('a wrong result that is right in half precision', () => {
  const value = (x: number, dtype: DType): Value => ({
    shape: [1],
    dtype,
    data: Float64Array.of(x),
  });
  const bound: Acceptance = { kind: 'within', bound: Float64Array.of(0) };

  /** Whether `actual` is, where 1 is right. */
  async function isWithinHalf(actual: Value, ...inputs: readonly DType[]): Promise<boolean> {
    const question = {
      name: 'y',
      isGradient: false,
      actual,
      truth: value(1, 'f32'),
      acceptance: bound,
      unjudged: Uint8Array.of(0),
      basis: '',
    };
    const run: Run = { ...ran(wrongAt(0)), question };
    const named = Object.fromEntries(inputs.map((dtype, i) => [`x${i}`, half(dtype)]));
    return (await shown(new Device(), () => run, { inputs: named })).reruns.withinHalf;
  }

  test('is judged by the format of the result, else of the inputs', async () => {
    // A step of float16 at 1 is 2^-10, of bfloat16 2^-7.
    expect(await isWithinHalf(value(1 + 2 ** -10, 'f16'))).toBe(true);
    expect(await isWithinHalf(value(1 + 2 ** -9, 'f16'))).toBe(false);
    expect(await isWithinHalf(value(1 + 2 ** -7, 'bf16'), 'f16')).toBe(true);
    expect(await isWithinHalf(value(1 + 2 ** -7, 'f32'), 'f16')).toBe(false);
    expect(await isWithinHalf(value(1 + 2 ** -7, 'f32'), 'i32', 'bf16')).toBe(true);
    expect(await isWithinHalf(value(1 + 2 ** -10, 'f32'))).toBe(false);
    expect(await isWithinHalf(value(1 + 2 ** -10, 'f32'), 'f32')).toBe(false);
    expect(await isWithinHalf(value(1, 'f32'), 'f32')).toBe(false);
  });

  test('has elements that are not judged', async () => {
    const question = {
      name: 'y',
      isGradient: false,
      actual: { shape: [2], dtype: 'f16', data: Float64Array.of(9, 1) },
      truth: { shape: [2], data: Float64Array.of(1, 1) },
      acceptance: { kind: 'exact' },
      unjudged: Uint8Array.of(1, 0),
      basis: '',
    } as const;
    const run: Run = { ...ran(wrongAt(0)), question };
    expect((await shown(new Device(), () => run)).reruns.withinHalf).toBe(true);
  });
});

describe('running a call again', () => {
  const f32 = (...data: readonly number[]) => hostTensorFrom('f32', [data.length], data);
  const product: FailedCall = {
    op: mul,
    variant: 'naive',
    params: {},
    inputs: { a: f32(2, -3), b: f32(5, 7) },
    name: 'y',
    level: 'legal',
  };
  const backward = { ...product, name: 'b', grads: { y: f32(1, 10) } };

  /** What a run in another variant shows, where it gives `results` and dispatches math/mul. */
  async function ran(call: FailedCall, results: Partial<Results<HostTensor>>, ieee = true) {
    const gpu = {
      memory: { guarded: false },
      recorder: { dispatched: new Set(['math/before']) },
    };
    const asked: Call<HostTensor>[] = [];
    vi.spyOn(WebGpuBackend.prototype, 'run').mockImplementation(async (given) => {
      expect([gpu.memory.guarded, gpu.recorder.dispatched.size]).toEqual(['by NaN', 0]);
      asked.push(given);
      gpu.recorder.dispatched.add('math/mul');
      return { outputs: {}, gradients: {}, ...results };
    });
    const run = await new RerunnableCall(call, ieee).run(gpu as unknown as Gpu, 'other');
    // What it changed on the device is as before.
    expect(gpu).toEqual({
      memory: { guarded: false },
      recorder: { dispatched: new Set(['math/before']) },
    });
    return { run, asked };
  }

  test('asks for the variant that is told, and judges the tensor that was wrong', async () => {
    const { run, asked } = await ran(product, { outputs: { y: f32(10, -20) } });
    const { name: _, level: __, ...call } = product;
    expect(asked).toEqual([{ ...call, variant: 'other' }]);
    expect(run.kernels).toEqual(new Set(['math/mul']));
    expect(run.judgement).toMatchObject({
      ok: false,
      compared: 2,
      firstWrong: { index: [1], actual: -20, expected: -21 },
    });
    expect(run.question).toMatchObject({ name: 'y', isGradient: false });
  });

  test('asks for the one gradient that was wrong', async () => {
    const gradients = { a: f32(0, 0), b: f32(2, 30) };
    const { run, asked } = await ran(backward, { gradients });
    expect(asked[0]).toMatchObject({ grads: backward.grads, wants: ['b'] });
    expect(run.judgement).toMatchObject({
      ok: false,
      wrong: 1,
      firstWrong: { index: [1], actual: 30, expected: -30 },
    });
  });

  test('judges as the call was when it failed: equal, or within its bound', async () => {
    // Within a unit of 10.
    const near = { outputs: { y: f32(10 + 2 ** -20, -21) } };
    expect((await ran(product, near)).run.judgement?.ok).toBe(true);
    expect((await ran({ ...product, level: 'exact' }, near)).run.judgement?.ok).toBe(false);
  });

  test('judges a variant by its own depth, and not by that of the one that failed', async () => {
    const sum = launchers.get('reduce_sum') as Launcher;
    const call: FailedCall = {
      ...product,
      op: sum.signature,
      params: { axes: [0] },
      inputs: { x: f32(1, 1, 1, 1, 1, 1, 1, 1, 1) },
    };
    const accepts = async (naive: number, other: number) => {
      const variants = {
        naive: { kernels: [], depth: () => naive },
        other: { kernels: [], depth: () => other },
      };
      vi.spyOn(launchers, 'get').mockReturnValue({ ...sum, variants });
      // Off by 16 units of 2^-23; at the size of 9 a depth of 9 allows 72, a depth of 2 allows 9.
      return (await ran(call, { outputs: { y: f32(9 + 2 ** -19) } })).run.judgement?.ok;
    };
    expect([await accepts(2, 9), await accepts(9, 2)]).toEqual([true, false]);
  });

  test('judges codes by the arithmetic of the device', async () => {
    // Half way from nf4's code of 0 to the next there is one right answer where rounding is to
    // nearest, and two elsewhere.
    const middle = 0.07958029955625534 / 2;
    const codes: FailedCall = {
      ...product,
      op: launchers.get('quantize_4bit')?.signature as FailedCall['op'],
      params: { quant_type: 'nf4', blocksize: 64 },
      inputs: { weight: f32(1, middle) },
      name: 'packed',
      level: 'exact',
    };
    const packed = hostTensor('u8', [1, 1], Uint8Array.of(0xf7));
    const bands = async (ieee: boolean) =>
      (await ran(codes, { outputs: { packed } }, ieee)).run.judgement?.inBand;
    expect([await bands(true), await bands(false)]).toEqual([0, 1]);
  });

  test('judges nothing that depends on what is not finite, or that was not computed', async () => {
    const inputs = { a: f32(Number.NaN, -3), b: f32(5, 7) };
    const { run } = await ran({ ...product, inputs }, { outputs: { y: f32(1, -21) } });
    expect(run.judgement).toMatchObject({ ok: true, compared: 1 });
    const nothing = await ran(product, {});
    expect(nothing.run).toEqual({
      kernels: new Set(),
      judgement: undefined,
      question: undefined,
    });
  });
});
