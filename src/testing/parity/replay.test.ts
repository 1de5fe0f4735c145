import { afterEach, describe, expect, test, vi } from 'vitest';
import type { ParityBundle } from '../../formats/parity-bundle.ts';
import type { StoredTensor } from '../../formats/safetensors/stored.ts';
import type { Call, Results } from '../../graph/call.ts';
import type { Launcher } from '../../ops/launcher.ts';
import { launchers } from '../../ops/registry.ts';
import steps from '../../reference/optim/torch/fixtures/stored-steps.json' with { type: 'json' };
import type { OpRecord } from '../../reference/record.ts';
import { records } from '../../reference/registry.ts';
import { type HostTensor, hostTensor, hostTensorFrom } from '../../tensor/host.ts';
import { bundleOf, f32, foundIn, i32, replayed } from './fixtures/replayed.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

const f64 = (...data: readonly number[]): StoredTensor => ({
  dtype: 'F64',
  shape: [data.length],
  bytes: new Uint8Array(Float64Array.from(data).buffer),
});

/** [2, -3] times [5, 7], and the gradient of the first factor alone. */
const product = (more: Parameters<typeof bundleOf>[1] = {}) =>
  bundleOf('mul', {
    inputs: { a: f32(2, -3), b: f32(5, 7) },
    outputs: { y: f32(10, -21) },
    gradsIn: { y: f32(1, 10) },
    gradsOut: { a: f32(5, 70) },
    ...more,
  });

/** Ours, where one of its tensors is another. */
const withOutput = (name: string, tensor: HostTensor) => (right: Results<HostTensor>) => ({
  ...right,
  outputs: { ...right.outputs, [name]: tensor },
});

/** Why a bundle has no verdict. */
async function unjudged(bundle: ParityBundle): Promise<unknown> {
  const { thrown } = await replayed(bundle);
  expect(thrown).toMatchObject({ code: 'unjudged' });
  return (thrown as Error).message;
}

describe('a bundle', () => {
  test('is asked of ours with its gradients, those that it recorded, and judged whole', async () => {
    const { asked, thrown, evidence } = await replayed(product());
    expect(thrown).toBeUndefined();
    expect(asked).toEqual([
      {
        op: launchers.get('mul')?.signature,
        params: {},
        inputs: { a: f32(2, -3), b: f32(5, 7) },
        variant: Object.keys(launchers.get('mul')?.variants ?? {})[0],
        grads: { y: f32(1, 10) },
        wants: ['a'],
      },
    ]);
    expect([evidence.assertions, evidence.finding]).toEqual([4, undefined]);
  });

  test('without gradients is asked forward alone', async () => {
    const { asked, evidence } = await replayed(product({ gradsIn: {}, gradsOut: {} }));
    expect(Object.keys(asked[0] as object)).toEqual(['op', 'params', 'inputs', 'variant']);
    expect(evidence.assertions).toBe(2);
  });

  test('has the parameters that the shapes of its outputs tell', async () => {
    // A constant rate after two steps of warm-up: 0, a half, and the whole of it.
    const rates = bundleOf('lr_schedule', {
      params: { name: 'constant', base_lr: 0.5, warmup: 2 },
      outputs: { lr: f32(0, 0.25, 0.5) },
    });
    const { asked, thrown, evidence } = await replayed(rates);
    expect(thrown).toBeUndefined();
    expect(asked[0]?.params).toMatchObject({ steps: 3, base_lr: 0.5, warmup: 2 });
    expect(evidence.assertions).toBe(3);
  });

  test('runs by the variant that suits its inputs on the adapter', async () => {
    const mul = launchers.get('mul') as Launcher;
    const variants: Launcher['variants'] = {
      any: { kernels: [] },
      vector: { kernels: [] },
    };
    vi.spyOn(launchers, 'get').mockReturnValue({ ...mul, variants });
    const told = await replayed(product(), undefined, [{ variant: 'vector', rows: [1, 1] }]);
    expect(told.asked[0]?.variant).toBe('vector');
  });

  test('of a whole training run is read as one', async () => {
    const { asked, thrown } = await replayed({ ...product(), op: 'train_llama' });
    expect(asked).toEqual([]);
    expect((thrown as Error).message).toContain('train_llama: params "mode"');
  });
});

describe('masked', () => {
  const INFINITE = Number.NEGATIVE_INFINITY;
  const attended = (y: HostTensor) => {
    const heads = (...data: readonly number[]) => hostTensorFrom('f32', [1, 1, 2, 1], data);
    const mask = hostTensorFrom('f32', [2, 2], [0, INFINITE, INFINITE, INFINITE]);
    const inputs = { q: heads(1, 2), k: heads(3, 4), v: heads(5, 6), mask };
    return bundleOf('scaled_dot_product_attention', { inputs, outputs: { y } });
  };

  test('logits leave their row judged', async () => {
    const row = (y: HostTensor) =>
      bundleOf('softmax', { inputs: { x: f32(0, INFINITE, 0) }, outputs: { y } });
    const right = await replayed(row(f32(0.5, 0, 0.5)));
    expect([right.thrown, right.evidence.assertions]).toEqual([undefined, 3]);
    expect(right.evidence.finding).toBeUndefined();
    expect([...(right.asked[0]?.inputs['x']?.data ?? [])][1]).toBe(-3.4028234663852886e38);
    const { evidence } = await replayed(row(f32(0.5, 0.1, 0.4)));
    expect(evidence.finding?.message).toContain('y[1] is 0.1');
  });

  test('terms leave their sum judged, over several dimensions and what flows back', async () => {
    // ln(1 + 3 + 1), and over a row of nothing else a sum that is not judged.
    const cell = (...data: readonly number[]) => hostTensorFrom('f32', [2, 2, 2], data);
    const x = cell(0, INFINITE, Math.log(3), 0, INFINITE, INFINITE, INFINITE, INFINITE);
    const sums = (y: number, hidden: number) => ({
      params: { axes: [1, -1], keepdims: false },
      inputs: { x },
      outputs: { y: f32(y, INFINITE) },
      gradsIn: { y: f32(10, 1) },
      gradsOut: { x: cell(2, hidden, 6, 2, NaN, NaN, NaN, NaN) },
    });
    const right = await replayed(bundleOf('logsumexp', sums(Math.log(5), 0)));
    expect([right.thrown, right.evidence.assertions]).toEqual([undefined, 5]);
    expect(right.evidence.finding).toBeUndefined();
    const found = async (y: number, hidden: number) =>
      (await replayed(bundleOf('logsumexp', sums(y, hidden)))).evidence.finding?.message;
    expect(await found(1.6, 0)).toContain('y[0] is 1.6');
    expect(await found(Math.log(5), 1)).toContain('gradient of x[0, 0, 1] is 1');
  });

  test('logits have a logarithm of minus infinity, or what the lowest number gives', async () => {
    const row = (of: 'f32' | 'f16' | 'bf16', y: number) =>
      foundIn('log_softmax', {
        inputs: { x: hostTensorFrom(of, [3], [0, INFINITE, 0]) },
        outputs: { y: hostTensorFrom(of, [3], [-Math.LN2, y, -Math.LN2]) },
      });
    for (const dtype of ['f32', 'f16', 'bf16'] as const) {
      for (const y of [5, 0, -5, -6e4, NaN, -INFINITE])
        expect(await row(dtype, y), `${dtype} ${y}`).toMatch(
          /y\[1\] is .*, with minus infinity as it stands its definition gives minus infinity; 1 of 1/,
        );
      expect(await row(dtype, INFINITE)).toBeUndefined();
    }
    expect(await row('f32', -3.4028234663852886e38)).toBeUndefined();
    expect(await row('f32', -3.3e38)).toContain('y[1] is -3.29');
    expect(await row('bf16', -3.3895313892515355e38)).toBeUndefined();
    expect(await row('f16', -65504)).toBeUndefined();
  });

  test('labels cost an infinite loss', async () => {
    const loss = (y: number) =>
      foundIn('cross_entropy', {
        params: { reduction: 'none' },
        inputs: {
          logits: hostTensorFrom('f32', [2, 2], [INFINITE, 0, INFINITE, 0]),
          labels: i32(0, 1),
        },
        outputs: { loss: f32(y, 0) },
      });
    expect(await loss(-INFINITE)).toBeUndefined();
    expect(await loss(7)).toContain('loss[0] is 7');
    expect(await loss(INFINITE)).toContain('loss[0] is minus infinity');
  });

  test.each([
    ['softmax', NaN, [0.25, 1, INFINITE]],
    ['log_softmax', NaN, [-Math.LN2, 0, INFINITE]],
    ['logsumexp', INFINITE, [0, Math.LN2, NaN, -3e38, -INFINITE]],
  ])('rows whole are %s of %d by definition', async (op, right, wrong) => {
    const x = hostTensorFrom('f32', [2, 2], [INFINITE, INFINITE, INFINITE, 3]);
    const isSum = op === 'logsumexp';
    const params = isSum ? { axes: [1], keepdims: false } : {};
    const first = { softmax: 0, log_softmax: INFINITE, logsumexp: 0 }[op] as number;
    const last = { softmax: 1, log_softmax: 0, logsumexp: 3 }[op] as number;
    const y = (whole: number) =>
      isSum ? f32(whole, last) : hostTensorFrom('f32', [2, 2], [whole, right, first, last]);
    const of = (whole: number) =>
      replayed(bundleOf(op, { params, inputs: { x }, outputs: { y: y(whole) } }));
    const { thrown, evidence } = await of(right);
    expect([thrown, evidence.finding]).toEqual([undefined, undefined]);
    // Of ours nothing is said of these, and the verdict tells so.
    expect(evidence.metrics['unjudged.recorded']).toBeUndefined();
    expect(evidence.metrics['unjudged.ours']).toBe(
      { softmax: 2, log_softmax: 3, logsumexp: 1 }[op],
    );
    for (const other of wrong)
      expect((await of(other)).evidence.finding?.message, `${op} ${other}`).toMatch(
        isSum ? /^torch 2 \(cpu\): y\[0\] is/ : /^torch 2 \(cpu\): y\[0, 0\] is/,
      );
  });

  test('rows whole may be 0 of a softmax with a guard, and of no other', async () => {
    const x = hostTensorFrom('f32', [2, 2], [INFINITE, INFINITE, 0, 0]);
    const found = (op: string, first: number, last: number) =>
      foundIn(op, {
        inputs: { x },
        outputs: { y: hostTensorFrom('f32', [2, 2], [first, first, last, last]) },
      });
    expect(await found('softmax', 0, 0.5)).toBeUndefined();
    expect(await found('softmax', 1e-9, 0.5)).toContain('gives NaN; 2 of 2');
    expect(await found('log_softmax', 0, -Math.LN2)).toContain('gives NaN; 2 of 2');
  });

  test('rows whole beside a NaN stay judged, and what depends on the NaN does not', async () => {
    const x = hostTensorFrom('f32', [2, 2], [INFINITE, INFINITE, NaN, 3]);
    const y = hostTensorFrom('f32', [2, 2], [NaN, 1, 7, 7]);
    const { evidence } = await replayed(bundleOf('softmax', { inputs: { x }, outputs: { y } }));
    expect(evidence.finding).toMatchObject({ code: 'producer-deviates', at: { index: [0, 1] } });
    expect(evidence.metrics).toMatchObject({ 'unjudged.recorded': 2, 'unjudged.ours': 4 });
  });

  test('rows whole have a gradient of NaN, but without a label one that is left open', async () => {
    const logits = hostTensorFrom('f32', [2, 2], [INFINITE, INFINITE, 0, 0]);
    const dx = (first: number, labels: HostTensor) =>
      foundIn('cross_entropy', {
        params: { reduction: 'sum' },
        inputs: { logits, labels },
        gradsOut: { logits: hostTensorFrom('f32', [2, 2], [first, first, -0.5, 0.5]) },
      });
    expect(await dx(NaN, i32(1, 0))).toBeUndefined();
    expect(await dx(0, i32(1, 0)), 'through the mask itself').toBeUndefined();
    expect(await dx(0.5, i32(1, 0))).toContain('gradient of logits[0, 0] is 0.5');
    for (const either of [0, NaN]) expect(await dx(either, i32(-100, 0))).toBeUndefined();
  });

  test('keys leave their query judged, which is 0 where all are', async () => {
    const heads = (...data: readonly number[]) => hostTensorFrom('f32', [1, 1, 2, 1], data);
    const right = await replayed(attended(heads(5, 0)));
    expect([right.thrown, right.evidence.assertions]).toEqual([undefined, 2]);
    expect(right.evidence.finding).toBeUndefined();
    const { evidence } = await replayed(attended(heads(5, 1)));
    expect(evidence.finding?.message).toContain('y[0, 0, 1, 0] is 1');
  });
});

describe('infinities among numbers that are compared and copied', () => {
  const INFINITE = Number.POSITIVE_INFINITY;
  const x = f32(1, -INFINITE, INFINITE, 2);
  const low = f32(-INFINITE, -INFINITE);
  const isFound = async (op: string, content: Parameters<typeof bundleOf>[1]) => {
    const { thrown, evidence } = await replayed(bundleOf(op, content));
    expect([thrown, evidence.metrics['unjudged.recorded']]).toEqual([undefined, undefined]);
    return evidence.finding?.message;
  };

  test('are the largest, and the smallest', async () => {
    const top = (values: HostTensor, indices: HostTensor, largest = true) =>
      isFound('topk', {
        params: { k: 2, largest },
        inputs: { x },
        outputs: { values, indices },
      });
    expect(await top(f32(INFINITE, 2), i32(2, 3))).toBeUndefined();
    expect(await top(f32(9, 2), i32(2, 3))).toContain('values[0] is 9');
    expect(await top(f32(INFINITE, 2), i32(1, 3))).toContain('indices[0] is 1');
    expect(await top(f32(-INFINITE, 1), i32(1, 0), false)).toBeUndefined();
    expect(await top(f32(-3e38, 1), i32(1, 0), false)).toContain('values[0] is -3');
  });

  test('have a place, and are a maximum', async () => {
    const max = (op: string, of: HostTensor, y: HostTensor) =>
      isFound(op, {
        params: op === 'argmax' ? { axis: 0 } : { axes: [0] },
        inputs: { x: of },
        outputs: { y },
      });
    expect(await max('argmax', x, i32(2))).toBeUndefined();
    expect(await max('argmax', x, i32(3))).toContain('y[0] is 3, the float64 oracle gives 2');
    expect(await max('argmax', f32(-INFINITE, 1), i32(0))).toContain('y[0] is 0');
    expect(await max('reduce_max', x, f32(INFINITE))).toBeUndefined();
    expect(await max('reduce_max', x, f32(2))).toContain('y[0] is 2');
    expect(await max('reduce_max', low, f32(-INFINITE))).toBeUndefined();
    expect(await max('reduce_max', low, f32(0))).toContain('y[0] is 0');
    for (const dtype of ['f16', 'bf16'] as const) {
      const half = (...data: readonly number[]) => hostTensorFrom(dtype, [data.length], data);
      const of = half(-INFINITE, -INFINITE);
      expect(await max('reduce_max', of, half(-INFINITE))).toBeUndefined();
      expect(await max('reduce_max', of, half(-1000))).toContain('y[0] is -1000');
    }
  });

  test('fill what is masked, and are told as a bundle can', async () => {
    const filled = (value: number, y: HostTensor) =>
      isFound('masked_fill', {
        params: { value },
        inputs: { x: f32(1, INFINITE), mask: hostTensorFrom('u8', [2], [1, 0]) },
        outputs: { y },
      });
    expect(await filled(-INFINITE, f32(-INFINITE, INFINITE))).toBeUndefined();
    expect(await filled(INFINITE, f32(INFINITE, INFINITE))).toBeUndefined();
    expect(await filled(-INFINITE, f32(-3e38, INFINITE))).toContain(
      'y[0] is -3.0000000054977558e+38, the float64 oracle gives minus infinity',
    );
    expect(await filled(-INFINITE, f32(-INFINITE, 5))).toContain('y[1] is 5');
    const integers = { x: i32(1), mask: hostTensorFrom('u8', [1], [1]) };
    const asked = { params: { value: -INFINITE }, inputs: integers, outputs: { y: i32(0) } };
    expect(() => bundleOf('masked_fill', asked)).toThrow('I32 has no -Infinity: cast x');
  });

  test('have a gradient, and nothing is said of ours', async () => {
    const back = (dx: HostTensor) =>
      replayed(
        bundleOf('reduce_max', {
          params: { axes: [0] },
          inputs: { x: low },
          outputs: { y: f32(-INFINITE) },
          gradsIn: { y: f32(3) },
          gradsOut: { x: dx },
        }),
      );
    const { evidence } = await back(f32(1.5, 1.5));
    expect(evidence.metrics['unjudged.ours']).toBe(2);
    expect(evidence.finding).toBeUndefined();
    expect((await back(f32(3, 0))).evidence.finding?.message).toContain('gradient of x[0] is 3');
  });
});

test('into one scalar flows 1, where nothing else does', async () => {
  const inputs = {
    logits: hostTensorFrom('f32', [1, 2], [0, 0]),
    labels: hostTensorFrom('i32', [1], [0]),
  };
  const gradsOut = { logits: hostTensorFrom('f32', [1, 2], [-0.5, 0.5]) };
  const { asked, thrown, evidence } = await replayed(
    bundleOf('cross_entropy', { inputs, gradsOut }),
  );
  expect([thrown, evidence.finding, evidence.assertions]).toEqual([undefined, undefined, 2]);
  expect(asked[0]?.grads).toEqual({ loss: f32(1) });
  const several = { a: f32(1, 2), b: f32(3, 4) };
  expect(() => bundleOf('mul', { inputs: several, gradsOut: { a: f32(3, 4) } })).toThrow(
    'out.grad.a has no in.grad.* that flows in',
  );
});

describe('integers', () => {
  const u8 = (...data: readonly number[]) => hostTensorFrom('u8', [data.length], data);
  /** What is found of a recorded result that is right, and of another. */
  const found = async (
    op: string,
    content: Parameters<typeof bundleOf>[1],
    y: HostTensor,
    wrong: HostTensor,
  ) => {
    const right = await replayed(bundleOf(op, { ...content, outputs: { y } }));
    expect([right.thrown, right.evidence.finding]).toEqual([undefined, undefined]);
    const { evidence } = await replayed(bundleOf(op, { ...content, outputs: { y: wrong } }));
    return evidence.finding?.message;
  };

  test('beyond 2^24 are told apart', async () => {
    const x = i32(16777216, 16777217, 3);
    expect(await found('argmax', { inputs: { x } }, i32(1), i32(0))).toContain(
      'y[0] is 0, the float64 oracle gives 1',
    );
    const inputs = { a: i32(16777217), b: i32(16777216) };
    expect(await found('sub', { inputs }, i32(1), i32(0))).toContain('y[0] is 0');
  });

  test('wrap as their type does', async () => {
    expect(await found('sub', { inputs: { a: u8(1), b: u8(2) } }, u8(255), u8(0))).toContain(
      'y[0] is 0, the float64 oracle gives 255',
    );
    const inputs = { a: i32(65537), b: i32(65537) };
    expect(await found('mul', { inputs }, i32(131073), i32(131072))).toContain('y[0]');
  });

  test('that meet halves are rounded to them before', async () => {
    const f16 = (...data: readonly number[]) => hostTensorFrom('f16', [data.length], data);
    const inputs = { a: i32(2049), b: f16(-2048) };
    expect(await found('add', { inputs }, f16(0), f16(1))).toContain('y[0] is 1');
  });
});

describe('ours', () => {
  test('fails with the element out of its bound and the call that gave it', async () => {
    const { asked, thrown, evidence } = await replayed(product(), withOutput('y', f32(10, -20)));
    expect((thrown as Error).message).toContain('y[1] is -20 and should be -21');
    const { grads: _, wants: __, ...forward } = asked[0] as Call<HostTensor>;
    expect(evidence.failedCall).toEqual({ ...forward, name: 'y', level: 'legal' });
  });

  test('fails by a gradient too, with the gradients that flowed in', async () => {
    const wrong = ({ outputs }: Results<HostTensor>) => ({
      outputs,
      gradients: { a: f32(5, 71) },
    });
    const { asked, thrown, evidence } = await replayed(product(), wrong);
    expect((thrown as Error).message).toContain('gradient of a[1] is 71 and should be 70');
    const { wants: _, ...call } = asked[0] as Call<HostTensor>;
    expect(evidence.failedCall).toEqual({ ...call, name: 'a', level: 'legal' });
  });

  test('fails where it lacks what was recorded, and may give more', async () => {
    const lacks = await replayed(product(), (right) => ({ ...right, outputs: {} }));
    expect(lacks.thrown).toMatchObject({
      code: 'missing-output',
      message: 'y was not computed',
    });
    const none = await replayed(product(), (right) => ({ ...right, gradients: {} }));
    expect(none.thrown).toMatchObject({ message: 'a was not computed' });
    const more = await replayed(product(), withOutput('beside', f32(1)));
    expect([more.thrown, more.evidence.assertions]).toEqual([undefined, 4]);
  });

  test('is held to the depth of its own sums, what was recorded to any order', async () => {
    // 300 times 1: 151 roundings at the size of 300 for ours, 299 for a sum in any order.
    const off = (roundings: number) => f32(300 * (1 + roundings * 2 ** -23));
    const sum = (y: HostTensor) =>
      bundleOf('reduce_sum', {
        params: { axes: [0] },
        inputs: { x: f32(...new Array(300).fill(1)) },
        outputs: { y },
      });
    const recorded = await replayed(sum(off(298)));
    expect([recorded.thrown, recorded.evidence.finding]).toEqual([undefined, undefined]);
    const near = await replayed(sum(off(0)), withOutput('y', off(2)));
    expect(near.thrown).toBeUndefined();
    const far = await replayed(sum(off(0)), withOutput('y', off(155)));
    expect(far.thrown).toMatchObject({ code: 'out-of-bound', at: { index: [0], expected: 300 } });
    const beyond = await replayed(sum(off(301)));
    expect(beyond.evidence.finding?.code).toBe('producer-deviates');
  });

  test('is judged from the inputs as they are stored for it, halves by their numbers', async () => {
    const half = (...data: readonly number[]) => hostTensorFrom('f16', [data.length], data);
    const halves = product({
      inputs: { a: half(2, -3), b: half(5, 7) },
      outputs: { y: half(10, -21) },
    });
    expect((await replayed(halves)).thrown).toBeUndefined();
  });

  test('is not judged where an element depends on what is not finite', async () => {
    const forward = { gradsIn: {}, gradsOut: {}, outputs: { y: f32(Number.NaN, -21) } };
    const some = product({ ...forward, inputs: { a: f32(Number.NaN, -3), b: f32(5, 7) } });
    const judged = await replayed(some, withOutput('y', f32(4, -21)));
    expect([judged.thrown, judged.evidence.assertions]).toEqual([undefined, 1]);
    const all = product({ ...forward, inputs: { a: f32(Number.NaN, -3), b: f32(5, 1 / 0) } });
    expect(await unjudged(all)).toBe('each element depends on an input that is NaN or infinite');
    const none = f32();
    const empty = product({
      inputs: { a: none, b: none },
      outputs: { y: none },
      gradsIn: {},
      gradsOut: {},
    });
    expect(await unjudged(empty)).toBe('there is no element');
    const large = product({ ...forward, inputs: { a: f32(3e38, 1e38), b: f32(2, 5) } });
    expect(await unjudged(large)).toBe('each element may overflow, or has no bound');
    const mixed = product({ ...forward, inputs: { a: f32(Number.NaN, 1e38), b: f32(2, 5) } });
    expect(await unjudged(mixed)).toBe(
      'each element depends on an input that is NaN or infinite, or may overflow',
    );
  });
});

describe('what was recorded', () => {
  test('is a finding where the oracle does not accept it', async () => {
    const { thrown, evidence } = await replayed(product({ outputs: { y: f32(10, -20) } }));
    expect(thrown).toBeUndefined();
    expect(evidence.finding).toMatchObject({
      code: 'producer-deviates',
      at: { index: [1], actual: -20, expected: -21 },
    });
    const gradient = await replayed(product({ gradsOut: { a: f32(6, 70) } }));
    expect(gradient.evidence.finding?.message).toContain('gradient of a[0] is 6');
  });

  test('is judged from the numbers that its producer had, not from ours', async () => {
    // Ours loses the 2^-30 as it rounds a to float32.
    const difference = (y: number) => ({
      ...bundleOf('sub', {
        inputs: { a: f32(1), b: f32(1) },
        outputs: { y: f32(0) },
      }),
      tensors: {
        inputs: { a: f64(1 + 2 ** -30), b: f64(1) },
        outputs: { y: f64(y) },
        gradsIn: {},
        gradsOut: {},
      },
    });
    const { asked, thrown, evidence } = await replayed(difference(2 ** -30));
    expect(asked[0]?.inputs['a']).toEqual(f32(1));
    expect([thrown, evidence.finding]).toEqual([undefined, undefined]);
    const ofRounded = await replayed(difference(0));
    expect(ofRounded.evidence.finding).toMatchObject({ at: { actual: 0, expected: 2 ** -30 } });
  });
});

describe('what this version has not', () => {
  const lacking = async (bundle: ParityBundle) => {
    const { asked, thrown } = await replayed(bundle);
    expect(asked).toEqual([]);
    expect(thrown).toMatchObject({ code: 'not-implemented' });
    return (thrown as Error).message;
  };
  /** A bundle with one more tensor of a kind. */
  const plus = (...kinds: readonly (readonly [keyof ParityBundle['tensors'], string])[]) => {
    const bundle = product();
    const tensors = { ...bundle.tensors };
    for (const [kind, name] of kinds)
      Object.assign(tensors, {
        [kind]: { ...tensors[kind], [name]: bundle.tensors.inputs['a'] },
      });
    return { ...bundle, tensors };
  };

  test('is skipped: the op, by its record or its launcher', async () => {
    vi.spyOn(launchers, 'get').mockReturnValueOnce(undefined);
    expect(await lacking(product())).toBe('this version has no op mul');
    vi.spyOn(records, 'get').mockReturnValueOnce(undefined);
    expect(await lacking(product())).toBe('this version has no op mul');
  });

  test('is skipped: an input, else an output, else a gradient', async () => {
    const input = ['inputs', 'c'] as const;
    const output = ['outputs', 'z'] as const;
    const gradient = ['gradsOut', 'd'] as const;
    expect(await lacking(plus(gradient))).toBe('mul of this version has no gradient of d');
    expect(await lacking(plus(gradient, output))).toBe('mul of this version has no output z');
    expect(await lacking(plus(gradient, output, input))).toBe('mul of this version has no input c');
  });

  test('is skipped: the gradient of what has none, and all of an op without a vjp', async () => {
    const { vjp: _, ...mul } = records.get('mul') as OpRecord;
    vi.spyOn(records, 'get').mockReturnValueOnce(mul);
    expect(await lacking(product())).toBe('mul of this version has no gradient of a');
    const indices = hostTensor('i32', [1], Int32Array.of(1));
    const row = bundleOf('gather', {
      inputs: { x: f32(3, 4), indices },
      outputs: { y: f32(4) },
      gradsIn: { y: f32(1) },
      gradsOut: { x: f32(0, 1) },
    });
    expect((await replayed(row)).thrown).toBeUndefined();
    const { gradsOut } = row.tensors;
    const tensors = { ...row.tensors, gradsOut: { indices: gradsOut['x'] as never } };
    expect(await lacking({ ...row, tensors })).toBe(
      'gather of this version has no gradient of indices',
    );
  });

  test('is skipped: what its record says that it does not compute', async () => {
    const rates = bundleOf('lr_schedule', {
      params: { name: 'linear', base_lr: 0.5, warmup: 2 },
      outputs: { lr: f32(0, 0.25, 0.5) },
    });
    expect(await lacking(rates)).toBe(
      'lr_schedule of this version does not compute a linear schedule without a total',
    );
    const none = hostTensorFrom('f32', [0], []);
    const empty = (op: string, params: object = {}) =>
      bundleOf(op, {
        params: { axes: [0], ...params },
        inputs: { x: none },
        outputs: { y: f32(0) },
      });
    expect(await lacking(empty('logsumexp'))).toBe(
      'logsumexp of this version does not compute the logarithm of a sum over no elements',
    );
    expect(await lacking(empty('var'))).toBe(
      'var of this version does not compute a variance of as many terms as the correction takes away, or fewer',
    );
  });
});

describe('an optimizer in halves', () => {
  const bf16 = (shape: readonly number[], ...data: readonly number[]) =>
    hostTensorFrom('bf16', shape, data);
  /** SGD by a thousandth of 1 a step, which bfloat16 loses of a parameter of 1. */
  const stalled = (...trajectory: readonly number[]) =>
    bundleOf('optimizer_steps', {
      params: { optimizer: 'sgd', lr: 2 ** -10 },
      inputs: { param: bf16([1], 1), grads: bf16([3, 1], 1, 1, 1) },
      outputs: { trajectory: bf16([3, 1], ...trajectory) },
    });

  test('goes on from what each party had, ours in float32', async () => {
    const { thrown, evidence } = await replayed(stalled(1, 1, 1));
    expect([thrown, evidence.finding, evidence.assertions]).toEqual([undefined, undefined, 3]);
    const ours = [1 - 2 ** -10, 1 - 2 ** -9, 1 - 2 ** -9];
    const stops = await replayed(stalled(1, 1, 1), withOutput('trajectory', f32(...ours)));
    expect(stops.thrown).toMatchObject({ code: 'wrong-shape' });
    const tensor = hostTensorFrom('f32', [3, 1], ours);
    const stays = await replayed(stalled(1, 1, 1), withOutput('trajectory', tensor));
    expect(stays.thrown).toMatchObject({ code: 'out-of-bound', at: { index: [2, 0] } });
  });

  test('may step as no formula does that is known, which is said', async () => {
    // One number of bfloat16 below 1, which half arithmetic in any order may give.
    const { thrown, evidence } = await replayed(stalled(1, 1 - 2 ** -8, 1 - 2 ** -8));
    expect([thrown, evidence.finding?.code]).toEqual([undefined, 'loose-bound']);
    expect(evidence.finding?.message).toMatch(
      /; of trajectory 1 of 3 elements are not what the closest formula that is known gives, the farthest by [\d.]+ steps of BF16: trajectory\[1, 0\] is 0\.99609375,/,
    );
  });

  test('deviates where a step is off by more than its roundings', async () => {
    const { evidence } = await replayed(stalled(1, 1 - 2 ** -5, 1 - 2 ** -5));
    expect(evidence.finding).toMatchObject({
      code: 'producer-deviates',
      at: { index: [1, 0], actual: 1 - 2 ** -5 },
    });
  });
});

describe("Muon's steps in bfloat16", () => {
  const bf16 = (shape: readonly number[], data: readonly number[]) =>
    hostTensorFrom('bf16', shape, data);
  /** Of 2 x 3, each step along gradients that are made orthogonal; torch 2.15.0's, and others. */
  const [run] = steps.runs.filter(({ name, half }) => name === 'muon' && half === 'bf16');
  if (!run) throw new Error('no run of Muon is recorded');
  const muon = (trajectory: readonly number[], params: object = {}) =>
    bundleOf('optimizer_steps', {
      params: { ...run.params, ...params },
      inputs: { param: bf16([2, 3], run.param), grads: bf16([3, 2, 3], run.grads) },
      outputs: { trajectory: bf16([3, 2, 3], trajectory) },
    });

  test('are held to the roundings that torch makes', async () => {
    const { evidence } = await replayed(muon(run.trajectory));
    expect([evidence.finding, evidence.metrics]).toEqual([
      undefined,
      { 'planted.BF16': 1, 'noticed.BF16': 1 },
    ]);
    const off = run.trajectory.map((x, i) => (i === 7 ? 1.1 * x : x));
    expect((await replayed(muon(off))).evidence.finding?.code).toBe('loose-bound');
  });

  test('have no verdict where nothing is known of them', async () => {
    // In bfloat16 five iterates of so many numbers leave no size open that a step could not have.
    const drawn = (count: number) => Array.from({ length: count }, (_, i) => Math.sin(1 + i * i));
    const param = drawn(30);
    const still = bundleOf('optimizer_steps', {
      params: { optimizer: 'muon', lr: 0.05, momentum: 0.9 },
      inputs: { param: bf16([6, 5], param), grads: bf16([2, 6, 5], drawn(60)) },
      outputs: { trajectory: bf16([2, 6, 5], [...param, ...param]) },
    });
    expect(await unjudged(still)).toBe(
      'of what was recorded: each element may overflow, or has no bound',
    );
  });
});

describe('a product of 256 terms in bfloat16', () => {
  const terms = Array.from({ length: 256 }, (_, i) => (i % 3 === 0 ? 1 : 0.5));
  const row = (shape: readonly number[]) => hostTensorFrom('bf16', shape, terms);
  // 86 of them are 1, the others a half.
  const y = 86 + 170 / 4;
  const held = Math.round(y);
  const recorded = (value: number, accumulate?: ParityBundle['accumulate']) => ({
    ...bundleOf('matmul', {
      inputs: { a: row([1, 256]), b: row([256, 1]) },
      outputs: { y: hostTensorFrom('bf16', [1, 1], [value]) },
    }),
    accumulate,
  });
  const found = async (...args: Parameters<typeof recorded>) =>
    (await replayed(recorded(...args))).evidence;

  test('that is as near as one rounding is right, and a tenth more would be noticed', async () => {
    const { finding, metrics } = await found(held);
    expect(finding).toBeUndefined();
    expect(metrics).toEqual({ 'planted.BF16': 1, 'noticed.BF16': 1 });
  });

  test('may be anything else where it may be added up in any order, which is said', async () => {
    for (const value of [0, 0.2 * held, 1.1 * held, 1.9 * held]) {
      const { finding, metrics } = await found(value);
      expect(finding?.code).toBe('loose-bound');
      expect(finding?.message).toMatch(
        /^y may be rounded .* in any order: .* in 0 % of 1; of y 1 of 1 elements are not what the closest formula that is known gives, the farthest by [\d.]+ steps of BF16: y\[0, 0\] is/,
      );
      // Of 0 there is nothing to change.
      if (value === 0) expect(metrics).toEqual({});
      if (value === 1.1 * held) expect(metrics).toEqual({ 'planted.BF16': 1, 'noticed.BF16': 0 });
    }
    for (const value of [-held, 2.5 * held])
      expect((await found(value)).finding?.code).toBe('producer-deviates');
  });

  test.each([
    ['it', 'float32'],
    ['the tensor by its name', { y: 'float32' }],
  ] as const)('is held to one rounding where %s is added up in float32', async (_, says) => {
    const right = await found(held, says);
    expect(right.finding).toBeUndefined();
    expect(right.metrics).toEqual({ 'planted.BF16': 1, 'noticed.BF16': 1 });
    for (const value of [0, -held, 2.5 * held, 1.1 * held]) {
      const { finding, metrics } = await found(value, says);
      expect([finding?.code, metrics]).toEqual(['producer-deviates', {}]);
    }
  });

  test('is in halves where another tensor is added up in float32', async () => {
    const says = { 'grad.a': 'float32' } as const;
    expect((await found(1.1 * held, says)).finding?.code).toBe('loose-bound');
  });
});
