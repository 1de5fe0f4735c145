import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { BridgeError, BridgeLacksError } from '../backends/bridge/error.ts';
import type { Bridge, LiveRecording } from '../backends/bridge.ts';
import { referenceResults } from '../backends/reference.ts';
import { WebGpuBackend } from '../backends/webgpu.ts';
import { writeParityBundle } from '../formats/parity-bundle/write.ts';
import { readParityBundle } from '../formats/parity-bundle.ts';
import { toHostTensor } from '../formats/safetensors/stored.ts';
import { hostGpu } from '../gpu/fixtures/host-gpu.ts';
import type { Gpu } from '../gpu/gpu.ts';
import type { OpRecord, Sample } from '../reference/record.ts';
import { records } from '../reference/registry.ts';
import { type HostTensors, hostTensorFrom } from '../tensor/host.ts';
import type { Random } from '../tensor/random.ts';
import { signatureOf } from '../vocabulary/registry.ts';
import { CaseContext } from './context.ts';
import { declareLiveReplay, liveCases } from './live.ts';

let gpu: Gpu;
beforeEach(async () => {
  ({ gpu } = await hostGpu());
  vi.spyOn(WebGpuBackend.prototype, 'run').mockImplementation(async (call) =>
    referenceResults(call),
  );
});
afterEach(() => {
  gpu[Symbol.dispose]();
  vi.restoreAllMocks();
});

const DEVICE = {
  id: 'torch-cpu',
  device: 'cpu',
  libraries: [{ name: 'torch', version: '2.15.0' }],
  ops: ['mul'],
};
type Compute = (question: Uint8Array<ArrayBuffer>) => Promise<LiveRecording>;

const bridgeOf = (compute: Compute) =>
  ({
    name: 'bridge-torch-cpu',
    supports: (op: string) => DEVICE.ops.includes(op),
    compute,
  }) as unknown as Bridge;

const f32 = (...data: readonly number[]) => hostTensorFrom('f32', [data.length], data);
const drawn = (random: Random) => f32(random.uniform(1, 2), random.uniform(2, 3));
const sample = (more: Partial<Sample<object>> = {}): Sample<object> => ({
  level: 'legal',
  label: { a: '2' },
  params: {},
  inputs: (random) => ({ a: drawn(random), b: f32(5, 7) }),
  ...more,
});
const grads: NonNullable<Sample<object>['grads']> = (random) => ({ y: drawn(random) });

/** The cases that a device has of a product with these samples; other ops it lacks. */
function casesOf(samples: readonly Sample<object>[], compute: Compute, more: object = {}) {
  const mul = { ...(records.get('mul') as OpRecord), summary: 'y = a times b', samples, ...more };
  const lacked = records.get('add') as OpRecord;
  vi.spyOn(records, 'values').mockReturnValueOnce([lacked, mul as OpRecord].values());
  return liveCases(DEVICE, bridgeOf(compute));
}

const never: Compute = () => Promise.reject(new Error('asked'));

/** Computes a question as a library would, but for `change`. */
function answered(
  question: Uint8Array<ArrayBuffer>,
  change: (right: { outputs: HostTensors; gradsOut: HostTensors }) => object = (right) => right,
): Uint8Array<ArrayBuffer> {
  const { op, params, tensors } = readParityBundle(question, { question: true });
  const hosts = (stored: typeof tensors.inputs) =>
    Object.fromEntries(Object.entries(stored).map(([name, one]) => [name, toHostTensor(one)]));
  const inputs = hosts(tensors.inputs);
  const gradsIn = hosts(tensors.gradsIn);
  const call = { op: signatureOf(op), params, inputs };
  const { outputs, gradients } = referenceResults(
    Object.keys(gradsIn).length > 0 ? { ...call, grads: gradsIn } : call,
  );
  return writeParityBundle({
    op,
    params,
    producer: 'torch 2.15.0',
    device: 'cpu',
    note: '',
    inputs,
    gradsIn,
    outputs,
    gradsOut: gradients,
    ...change({ outputs, gradsOut: gradients }),
  });
}

/** What the case at `at` does with this answer. */
async function ran(samples: readonly Sample<object>[], compute: Compute, at = 0) {
  const t = new CaseContext({ gpu, ieee: true, seed: 9, injects: [] });
  const thrown = await casesOf(samples, compute)
    [at]?.run(t)
    .catch((error: unknown) => error);
  return { thrown, evidence: t.evidence };
}

/** A device that answers at once, and the questions that it was asked. */
function asked(change?: Parameters<typeof answered>[1], tookMs?: number) {
  const questions: Uint8Array<ArrayBuffer>[] = [];
  const compute: Compute = async (question) => {
    questions.push(question);
    return { bundle: answered(question, change), tookMs, roundTripMs: 7 };
  };
  return { questions, compute };
}

describe('the cases of a device', () => {
  test('are the samples of the ops that it computes, in both directions, variants left out', () => {
    const cases = casesOf(
      [
        sample({ grads, variants: ['naive'] }),
        sample({ grads, variants: ['tiled'] }),
        sample({ level: 'exact', label: { a: '3' }, tier: 'full' }),
      ],
      never,
    );
    expect(cases.map(({ id, tier, backend }) => [id, tier, backend])).toEqual([
      ['ops.math.mul:legal;a=2', 'quick', 'bridge-torch-cpu'],
      ['ops.math.mul:legal-gradient;a=2', 'quick', 'bridge-torch-cpu'],
      ['ops.math.mul:exact;a=3', 'full', 'bridge-torch-cpu'],
    ]);
    expect(cases[0]).toMatchObject({
      suite: 'ops.math.mul',
      timeoutMs: 120_000,
      description:
        'y = a times b: torch 2.15.0 on CPU computes it now. The float64 oracle judges its result and ours.',
    });
    const faults = records.get('mul')?.faults.filter(({ direction }) => direction !== 'backward');
    expect(new Set(cases[0]?.control.faults)).toEqual(new Set(faults));
  });

  test('go forward alone where the record has no gradients', () => {
    const [only, ...others] = casesOf([sample({ grads })], never, { vjp: undefined });
    expect([only?.id, others]).toEqual(['ops.math.mul:legal;a=2', []]);
  });
});

describe('a sample', () => {
  test('is asked as a question, with the numbers that our own case draws', async () => {
    const { questions, compute } = asked(undefined, 3);
    const { thrown, evidence } = await ran([sample({ grads })], compute);
    expect(thrown).toBeUndefined();
    const { inputs } = sample();
    const t = new CaseContext({ gpu, ieee: true, seed: 9, injects: [] });
    const question = readParityBundle(questions[0] as Uint8Array, { question: true });
    expect(question).toMatchObject({
      op: 'mul',
      params: {},
      producer: 'none yet',
      device: 'none',
      note: '',
      tensors: { gradsIn: {}, outputs: {}, gradsOut: {} },
    });
    const [a] = Object.values(question.tensors.inputs);
    expect(toHostTensor(a as never)).toEqual(inputs(t.random())['a']);
    expect([evidence.assertions, evidence.kept]).toEqual([2, []]);
    expect(evidence.metrics).toMatchObject({ roundTripMs: 7, bridgeMs: 3 });
  });

  test('is asked backward with gradients that are drawn behind the inputs', async () => {
    const { questions, compute } = asked();
    const { thrown, evidence } = await ran([sample({ grads })], compute, 1);
    expect(thrown).toBeUndefined();
    const random = new CaseContext({ gpu, ieee: true, seed: 9, injects: [] }).random();
    drawn(random);
    const { gradsIn } = readParityBundle(questions[0] as Uint8Array, { question: true }).tensors;
    expect(Object.keys(gradsIn)).toEqual(['y']);
    expect(toHostTensor(gradsIn['y'] as never)).toEqual(drawn(random));
    // y, and the gradients of a and of b.
    expect(evidence.assertions).toBe(6);
    expect(evidence.metrics).not.toHaveProperty('bridgeMs');
  });

  test('is skipped where the device gave no gradients, and judged where it gave one', async () => {
    const none = asked(() => ({ gradsOut: {} }));
    expect((await ran([sample({ grads })], none.compute, 1)).thrown).toMatchObject({
      code: 'not-implemented',
      message: 'bridge-torch-cpu computes no gradients of mul',
    });
    const one = asked(({ gradsOut: { a } }) => ({ gradsOut: { a } }));
    const { thrown, evidence } = await ran([sample({ grads })], one.compute, 1);
    expect([thrown, evidence.assertions]).toEqual([undefined, 4]);
  });

  test('is skipped where a bundle cannot say it', async () => {
    const nine = hostTensorFrom('f32', [1, 1, 1, 1, 1, 1, 1, 1, 1], [2]);
    const { thrown } = await ran([sample({ inputs: () => ({ a: nine, b: nine }) })], never);
    expect(thrown).toMatchObject({ code: 'not-implemented' });
    expect((thrown as Error).message).toContain('in.a');
    const broken = sample({
      inputs: () => {
        throw new RangeError('no sample');
      },
    });
    expect((await ran([broken], never)).thrown).toBeInstanceOf(RangeError);
  });

  test('is skipped where the device lacks it, and an error where the bridge fails', async () => {
    const failing = async (error: Error) =>
      (await ran([sample()], () => Promise.reject(error))).thrown;
    expect(await failing(new BridgeLacksError('no-op', 'torch has none'))).toMatchObject({
      code: 'no-op',
      message: 'torch has none',
      name: 'SkipSignal',
    });
    const error = new BridgeError('bridge-answer', 'nonsense');
    expect(await failing(error)).toBe(error);
  });

  test('is kept where the device deviates, even if ours fails', async () => {
    const { questions, compute } = asked(() => ({ outputs: { y: f32(0, 0) } }));
    const { thrown, evidence } = await ran([sample()], compute);
    expect([thrown, evidence.finding?.code]).toEqual([undefined, 'producer-deviates']);
    const file = answered(questions[0] as Uint8Array<ArrayBuffer>, () => ({
      outputs: { y: f32(0, 0) },
    }));
    expect(evidence.kept).toEqual([file]);
    vi.mocked(WebGpuBackend.prototype.run).mockResolvedValue({
      outputs: { y: f32(1, 1) },
      gradients: {},
    });
    const both = await ran([sample()], compute);
    expect([(both.thrown as Error).name, both.evidence.kept]).toEqual(['AssertionError', [file]]);
  });

  test('is told with what ours took', async () => {
    vi.spyOn(performance, 'now').mockReturnValueOnce(100).mockReturnValueOnce(142);
    const { evidence } = await ran([sample()], asked().compute);
    expect(evidence.metrics['oursMs']).toBe(42);
  });
});

test('a recorded bundle is asked anew as it is', async () => {
  const { questions, compute } = asked();
  const recorded = answered(
    writeParityBundle({
      op: 'mul',
      params: {},
      producer: 'peft 1',
      device: 'cpu',
      note: '',
      inputs: { a: f32(2), b: f32(3) },
      outputs: { y: f32(7) },
      gradsIn: {},
      gradsOut: {},
    }),
  );
  const bundle = readParityBundle(recorded);
  const declared = declareLiveReplay('x', recorded, bundle, DEVICE, bridgeOf(compute));
  expect(declared).toMatchObject({
    id: 'parity.mul:x',
    backend: 'bridge-torch-cpu',
    timeoutMs: 120_000,
    description:
      'mul on recorded inputs: torch 2.15.0 on CPU computes it now. The float64 oracle judges its result and ours.',
  });
  const t = new CaseContext({ gpu, ieee: true, seed: 9, injects: [] });
  await declared.run(t);
  expect([questions, t.evidence.assertions]).toEqual([[recorded], 1]);
});
