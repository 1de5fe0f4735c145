import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { detectBackends } from '../../backends/manager/detect.ts';
import { type HostModel, readHostModel, tensorsOf } from '../../backends/manager/host-model.ts';
import { ModelOnDevice } from '../../backends/manager/on-device.ts';
import { ModelOnHost } from '../../backends/manager/on-host.ts';
import type { PlacedModel } from '../../backends/manager/placed-model.ts';
import { ReferenceBackend } from '../../backends/reference.ts';
import { WebGpuBackend } from '../../backends/webgpu.ts';
import { covers } from '../../catalog/covers.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { type HostTensor, hostTensorFrom, valuesOf } from '../../tensor/host.ts';
import { sizeOf } from '../../tensor/shape.ts';
import { expectSameSteps, referenceRun } from './fixtures/beside-reference.ts';
import { courseOf, FOLDER, run, stepsOf, thrownBy, trainingOf } from './fixtures/short-runs.ts';
import { softwareGpu, softwareProvider } from './fixtures/software-gpu.ts';

/** Backends that are really there, and models that go from one to the other. */

let gpu: Gpu;
beforeAll(async () => {
  gpu = await softwareGpu();
});
afterAll(() => gpu[Symbol.dispose]());

const IDS = hostTensorFrom(
  'i32',
  [1, 32],
  Array.from({ length: 32 }, (_, i) => (i * 7 + 3) % 40),
);

const bitsOf = (host: HostModel) =>
  [...host.values].flatMap(([name, value]) =>
    Object.entries(tensorsOf(value)).map(([part, { dtype, shape, data }]) => [
      ...[name, part, dtype, shape],
      new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    ]),
  );

/** The largest of |a - b| - (1e-5 + 1e-3 |b|): below 0 where all are within it. */
const beyond = (a: HostTensor, b: HostTensor) => {
  const actual = valuesOf(a);
  const truth = valuesOf(b);
  expect(actual).toHaveLength(truth.length);
  return truth.reduce(
    (most, x, i) => Math.max(most, Math.abs((actual[i] as number) - x) - 1e-5 - 1e-3 * Math.abs(x)),
    Number.NEGATIVE_INFINITY,
  );
};

const onReference = (host: HostModel) => new ModelOnHost(new ReferenceBackend(), host);

test(
  'a model goes over two devices and back to the host with the same bits',
  covers('fsdp.backend.cross-backend-model-transfer/round-trip-bits').control(
    'a bit of it changes',
    {
      file: 'src/backends/manager/on-device.ts',
      from: 'return await new JoinedRows(on as Tensor[]).read();',
      to: 'return await new JoinedRows(on as Tensor[]).read().then((read) => ((read.data[0] = (read.data[0] ?? 0) + 1e-6), read));',
    },
  ),
  async () => {
    const start = await readHostModel(FOLDER);
    using reference = onReference(start);
    using first = new ModelOnDevice(gpu, await reference.toHost(), 32, 'webgpu');
    using other = await gpu.fresh();
    using second = new ModelOnDevice(other, await first.toHost(), 32, 'webgpu');
    using back = onReference(await second.toHost());
    expect(bitsOf(start).length).toBeGreaterThan(10);
    expect(bitsOf(await back.toHost())).toEqual(bitsOf(start));
  },
);

test(
  'its logits are the same on the reference, on two devices, op by op, and back',
  covers('fsdp.backend.cross-backend-model-transfer/logits-all-hops').control('no causal mask', {
    file: 'src/reference/llama/model.ts',
    from: 'const params = { causal: true,',
    to: 'const params = { causal: false,',
  }),
  async () => {
    const start = await readHostModel(FOLDER);
    using reference = onReference(start);
    using first = new ModelOnDevice(gpu, start, 32, 'webgpu');
    using other = await gpu.fresh();
    using second = new ModelOnDevice(other, await first.toHost(), 32, 'webgpu');
    const host = await second.toHost();
    using opByOp = new ModelOnHost(new WebGpuBackend(gpu), host);
    using back = onReference(host);
    const truth = await reference.logits(IDS);
    expect(truth.shape).toEqual([1, 32, 40]);
    for (const model of [first, second, opByOp, back] satisfies PlacedModel[])
      expect(beyond(await model.logits(IDS), truth), model.name).toBeLessThanOrEqual(0);
  },
);

describe('memory of ten forward passes', () => {
  const TOKENS = hostTensorFrom(
    'i32',
    [1, 128],
    Array.from({ length: 128 }, (_, i) => (i * 5 + 1) % 40),
  );
  const FLOAT = 4;
  /**
   * Parameters, and what each op leaves of a token: two norms, two sums and both outputs of a block,
   * four tensors of SwiGLU, and `copies` of queries, keys and values each; numbers that norms and
   * attention leave beside; embedding, last norm, logits, tables of rotations, the id.
   */
  const boundOf = ({ config, values }: HostModel, copies: number) => {
    const { hidden, heads, kvHeads, headDim, intermediate, layers, vocabulary } = config;
    const parameters = [...values.values()].reduce(
      (sum, value) => sum + sizeOf((value as HostTensor).shape),
      0,
    );
    const ofHeads = copies * (heads + kvHeads) * headDim;
    const ofBlock = 6 * hidden + ofHeads + 4 * intermediate + 2 + heads;
    const ofToken = 2 * hidden + layers * ofBlock + 1 + vocabulary + headDim + 1;
    return FLOAT * (parameters + 128 * ofToken);
  };

  /** The engine keeps heads apart before and after they are turned, and beside each other. */
  const PLACES = {
    webgpu: {
      place: (host: HostModel) => new ModelOnDevice(gpu, host, 128, 'webgpu'),
      copies: 5,
    },
    reference: { place: onReference, copies: 3 },
  } as const;

  /** Bytes at the start, at the peak and at the end, after one pass and after ten. */
  async function measured(host: HostModel, place: (host: HostModel) => PlacedModel) {
    using model = place(host);
    const start = model.bytes.live;
    await model.logits(TOKENS);
    const one = model.bytes;
    for (let pass = 1; pass < 10; pass++) await model.logits(TOKENS);
    return { start, one, ten: model.bytes };
  }

  test(
    'is told at the start, at its peak and at the end, on each backend',
    covers('fsdp.backend.memory-efficiency/bytes-reported').control('the peak is what is live', {
      file: 'src/backends/manager/on-host.ts',
      from: 'this.#peak = Math.max(this.#peak, this.#live);',
      to: '',
    }),
    async () => {
      const host = await readHostModel(FOLDER);
      for (const [name, { place }] of Object.entries(PLACES)) {
        const { start, ten } = await measured(host, place);
        expect(start, name).toBeGreaterThan(0);
        expect(ten.peak, name).toBeGreaterThan(start);
        expect(ten.live, name).toBeGreaterThan(0);
      }
    },
  );

  test(
    'is at the end what it was at the start',
    covers('fsdp.backend.memory-efficiency/zero-leak').control('what a pass made stays', {
      file: 'src/backends/manager/on-device.ts',
      from: 'using tape = new Tape(this.#gpu);',
      to: 'const tape = new Tape(this.#gpu);',
    }),
    async () => {
      const host = await readHostModel(FOLDER);
      for (const [name, { place }] of Object.entries(PLACES)) {
        const { start, ten } = await measured(host, place);
        expect(ten.live, name).toBe(start);
      }
    },
  );

  test(
    'is at most 1.1 times that of parameters and activations, from shapes',
    covers('fsdp.backend.memory-efficiency/peak-within-bound').control('weights are there twice', {
      file: 'src/backends/manager/on-host.ts',
      from: 'if (!isQuantized(value)) return value;',
      to: 'if (!isQuantized(value)) return this.#add(bytesOf(value)), value;',
    }),
    async () => {
      const host = await readHostModel(FOLDER);
      for (const [name, { place, copies }] of Object.entries(PLACES)) {
        const { ten } = await measured(host, place);
        const bound = boundOf(host, copies);
        expect(ten.peak, name).toBeLessThanOrEqual(1.1 * bound);
        expect(ten.peak, name).toBeGreaterThan(bound / 2);
      }
    },
  );

  test(
    'has the peak of one pass after ten',
    covers('fsdp.backend.memory-efficiency/peak-constant').control('a pass is not given back', {
      file: 'src/backends/manager/on-host.ts',
      from: '} finally {\n      this.#live = this.#held;',
      to: '} finally {\n      this.#live += 1;',
    }),
    async () => {
      const host = await readHostModel(FOLDER);
      for (const [name, { place }] of Object.entries(PLACES)) {
        const { one, ten } = await measured(host, place);
        expect(ten.peak, name).toBe(one.peak);
      }
    },
  );
});

describe('a backend that is not there', () => {
  const closed = { port: 1, token: 'a-token-that-is-long-enough' };

  test(
    'has the code no-adapter where there is none',
    covers('fsdp.backend.graceful-unavailable/no-adapter').control('it has another code', {
      file: 'src/gpu/device.ts',
      from: "throw new NoAdapterError('no-adapter', isBrowser()",
      to: "throw new NoAdapterError('no-device', isBrowser()",
    }),
    async () => {
      const nothing = { requestAdapter: async () => null } as unknown as GPU;
      const found = await detectBackends({ gpu: nothing });
      for (const { absent } of found.filter(({ kind }) => kind.startsWith('webgpu')))
        expect(absent).toEqual({ code: 'no-adapter', message: expect.stringContaining('driver') });
      expect(found.find(({ name }) => name === 'reference')?.absent).toBeUndefined();
    },
  );

  test(
    'has the code no-device where the adapter makes none',
    covers('fsdp.backend.graceful-unavailable/no-device').control('it has another code', {
      file: 'src/gpu/device.ts',
      from: "      'no-device',\n      `the adapter refused",
      to: "      'no-adapter',\n      `the adapter refused",
    }),
    async () => {
      const provider = await softwareProvider();
      // An adapter that has made its device makes no other.
      const adapter = await provider.requestAdapter();
      (await adapter?.requestDevice())?.destroy();
      const used = { requestAdapter: async () => adapter } as unknown as GPU;
      const [first] = await detectBackends({ gpu: used });
      expect(first?.absent).toEqual({
        code: 'no-device',
        message: expect.stringMatching(/^the adapter refused to make a device/),
      });
    },
  );

  test(
    'has the code device-destroyed where it is lost meanwhile, and a fresh one computes',
    covers('fsdp.backend.graceful-unavailable/device-lost').control('it has no code', {
      file: 'src/gpu/gpu.ts',
      from: 'if (this.#lost) throw new DeviceLostError(this.#lost);\n      throw cause;',
      to: 'throw cause;',
    }),
    async () => {
      const host = await readHostModel(FOLDER);
      using lost = await gpu.fresh();
      const model = new ModelOnDevice(lost, host, 32, 'webgpu');
      const computing = model.logits(IDS);
      lost.device.destroy();
      expect(await thrownBy(computing)).toMatchObject({
        code: 'device-destroyed',
        message: expect.stringMatching(/^the GPU device was lost \(destroyed\)/),
      });
      using fresh = await lost.fresh();
      using again = new ModelOnDevice(fresh, host, 32, 'webgpu');
      expect((await again.logits(IDS)).shape).toEqual([1, 32, 40]);
    },
  );

  test(
    'has the code bridge-unreachable where nothing answers',
    covers('fsdp.backend.graceful-unavailable/bridge-refused').control('it has another code', {
      file: 'src/backends/bridge/client.ts',
      from: "        'bridge-unreachable',\n        `no bridge",
      to: "        'bridge-closed',\n        `no bridge",
    }),
    async () => {
      const found = await detectBackends({ gpu: undefined, bridges: [closed] });
      expect(found.find(({ kind }) => kind === 'bridge')?.absent).toEqual({
        code: 'bridge-unreachable',
        message: expect.stringMatching(/^no bridge answers/),
      });
      expect(found[0]?.absent?.code).toBe('no-webgpu');
    },
  );
});

test(
  'bridges are found by what they say of themselves, with protocol and version',
  covers('fsdp.backend.detection-and-management/bridges-by-handshake').control('any protocol is', {
    file: 'src/backends/bridge/devices.ts',
    from: 'if (protocol !== PROTOCOL) {',
    to: "if (protocol === '') {",
  }),
  async () => {
    let protocol = 'gradproof-bridge/1';
    const device = {
      ...{ id: 'torch-cpu', device: 'cpu', ops: ['matmul'] },
      libraries: [{ name: 'torch', version: '2.15.0' }],
    };
    const server = createServer((_, response) => {
      const told = { protocol, version: '0.1.0', backends: [device], missing: [] };
      response.end(JSON.stringify(told));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = server.address() as AddressInfo;
      const look = async () => {
        const bridges = [{ port, token: 'a-token-that-is-long-enough' }];
        const found = await detectBackends({ gpu: undefined, bridges });
        return found.filter(({ kind }) => kind === 'bridge');
      };
      expect(await look()).toEqual([
        {
          ...{ name: 'bridge-torch-cpu', kind: 'bridge' },
          words: 'torch 2.15.0 on CPU, bridge 0.1.0',
        },
      ]);
      protocol = 'gradproof-bridge/9';
      expect(await look()).toMatchObject([{ name: 'bridge', absent: { code: 'bridge-protocol' } }]);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  },
);

describe('a training on the reference', () => {
  test.each(['lora', 'full'] as const)('has the losses of one on the device: %s', async (type) => {
    const fields = { type, optim: 'adamw_torch', gradient_accumulation_steps: 2, max_steps: 3 };
    const training = trainingOf({ ...fields, lora: type === 'lora' ? { r: 4 } : undefined });
    const { told, trained } = await run(gpu, training, undefined);
    const truth = await referenceRun(training);
    expect(truth.steps).toHaveLength(3);
    expectSameSteps(stepsOf(courseOf(told)), truth.steps);
    expect(Object.keys(truth.trained).sort()).toEqual(Object.keys(trained).sort());
  });
});
