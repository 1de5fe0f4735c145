import { describe, expect, test } from 'vitest';
import type { Application } from '../graph/call.ts';
import { launchers } from '../ops/registry.ts';
import { type HostTensor, hostTensorFrom } from '../tensor/host.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { mul } from '../vocabulary/math/mul.ts';
import { CaseContext } from './context.ts';
import { judgeApplications } from './judge-step.ts';

/** A tensor on a device, which counts how often it is read. */
class Kept {
  reads = 0;
  readonly dtype: HostTensor['dtype'];
  readonly shape: readonly number[];
  readonly #host: HostTensor;

  constructor(host: HostTensor) {
    this.#host = host;
    this.dtype = host.dtype;
    this.shape = host.shape;
  }

  async read(): Promise<HostTensor> {
    this.reads++;
    return this.#host;
  }
}

const kept = (...data: readonly number[]): Tensor =>
  new Kept(hostTensorFrom('f32', [data.length], data)) as unknown as Tensor;
const [variant = ''] = Object.keys(launchers.get('mul')?.variants ?? {});
const contextOf = () => new CaseContext({ ieee: false, seed: 1, injects: [] } as never);

const application = (
  layer: string,
  inputs: Record<string, Tensor>,
  outputs: Record<string, Tensor>,
  more: object = {},
): Application<Tensor> => ({ layer, op: mul, variant, params: {}, inputs, outputs, ...more });

describe('the ops of a step', () => {
  test('are judged each from what it had, every tensor read once', async () => {
    const [a, b, y, z, dz, da, db] = [
      kept(2, 3),
      kept(5, 7),
      kept(10, 21 + 2 ** -19),
      kept(20, 63),
      kept(1, 1),
      kept(5, 7),
      kept(2, 3),
    ] as const;
    const t = contextOf();
    const used = await judgeApplications(t, 4, [
      application('first', { a, b }, { y }),
      application('second', { a: y, b: a }, { y: z }),
      application('first', { a, b }, { y }, { grads: { y: dz }, gradients: { a: da, b: db } }),
    ]);
    expect(t.evidence.assertions).toBe(8);
    // The next number above 21 is 2^-19 away, and its unit of rounding 21 * 2^-23.
    expect(used).toBeCloseTo(16 / 21, 2);
    for (const tensor of [a, b, y, z, dz, da, db])
      expect((tensor as unknown as Kept).reads).toBe(1);
  });

  test('that are wrong are named with step, layer and op, and can be run again', async () => {
    const t = contextOf();
    const inputs = { a: kept(2), b: kept(5) };
    const wrong = application('fc1', inputs, { y: kept(11) });
    await expect(judgeApplications(t, 7, [wrong])).rejects.toThrow(
      `step 7, layer fc1, mul (${variant}): y[0] is 11 and should be 10`,
    );
    expect(t.evidence.failedCall).toEqual({
      op: mul,
      variant,
      params: {},
      inputs: { a: hostTensorFrom('f32', [1], [2]), b: hostTensorFrom('f32', [1], [5]) },
      level: 'legal',
      name: 'y',
    });
    const grads = { y: kept(3) };
    const gradients = { a: kept(15), b: kept(9) };
    const back = application('fc1', inputs, {}, { grads, gradients });
    await expect(judgeApplications(t, 8, [back])).rejects.toThrow(
      `step 8, layer fc1, mul (${variant}): gradient of b[0] is 9 and should be 6`,
    );
    expect(t.evidence.failedCall).toMatchObject({
      grads: { y: hostTensorFrom('f32', [1], [3]) },
      name: 'b',
    });
  });

  test('are not judged by what only their backward pass sees, nor by gradients that no one wanted', async () => {
    const t = contextOf();
    const extra = application('first', { a: kept(2), b: kept(5) }, { y: kept(10), other: kept(9) });
    const none = application('first', { a: kept(2), b: kept(5) }, {}, { grads: { y: kept(1) } });
    expect(await judgeApplications(t, 1, [extra, none])).toBe(0);
    expect(t.evidence.assertions).toBe(1);
  });
});
