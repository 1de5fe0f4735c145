import { afterEach, describe, expect, test, vi } from 'vitest';
import { HostDevice } from './fixtures/host-device.ts';
import {
  answerQuads,
  type HostAdapterOptions,
  hostAdapter,
  hostGpu,
  hostProvider,
} from './fixtures/host-gpu.ts';
import { Gpu } from './gpu.ts';
import type { Launch } from './recorder.ts';

afterEach(() => vi.unstubAllGlobals());

/** Reads x, writes y and z. */
const SHADER = {
  file: 'test/two',
  code: `@binding(0) var<storage, read> x: array<u32>;
    @binding(1) var<storage, read_write> y: array<u32>;
    @binding(2) var<storage, read_write> z: array<u32>;`,
};

function launchOf(gpu: Gpu, more: Partial<Launch> = {}) {
  const x = gpu.allocate(16);
  const y = gpu.allocate(16);
  const z = gpu.allocate(16);
  const bindings = [x, y, z].map((memory) => ({ memory, offset: 0, size: 16 }));
  const launch: Launch = { shader: SHADER, bindings, workgroups: [1, 1, 1], ...more };
  return { x, y, z, launch };
}

describe('a device is asked for', () => {
  test('of the program that gives one, or of the browser', async () => {
    const provider = hostProvider(() => hostAdapter({ vendor: 'mine' }).adapter);
    vi.stubGlobal('navigator', { gpu: provider });
    expect((await Gpu.request()).adapter.vendor).toBe('mine');
    vi.stubGlobal('navigator', {});
    await expect(Gpu.request()).rejects.toMatchObject({ code: 'no-webgpu' });
  });

  test('with what kernels can use', async () => {
    const { gpu } = await hostGpu({ features: ['shader-f16'], limits: { maxBufferSize: 4096 } });
    expect([...gpu.features]).toEqual(['shader-f16']);
    expect(gpu.limits['maxBufferSize']).toBe(4096);
    expect([gpu.quads, gpu.lost, gpu.waits]).toEqual(['none', undefined, 0]);
  });

  test.each([
    [{ widestSubgroup: 8 }, 2e9],
    [{}, 2e9],
    [{ widestSubgroup: 16 }, 1e11],
  ])('whose submits hold as much as %j takes in time', async (adapter, flops) => {
    const { gpu } = await hostGpu(adapter);
    const { launch } = launchOf(gpu);
    gpu.dispatch({ ...launch, flops });
    expect(gpu.recorder.submits).toBe(0);
    gpu.dispatch({ ...launch, flops: 1 });
    expect(gpu.recorder.submits).toBe(1);
  });
});

describe('a device with subgroups', () => {
  const features = ['subgroups', 'shader-f16'];

  test('keeps them where its quads are neighbours', async () => {
    const { gpu } = await hostGpu({ features, run: answerQuads });
    expect([gpu.quads, [...gpu.features]]).toEqual(['neighbours', ['shader-f16', 'subgroups']]);
    expect(gpu.memory.ledger.liveBytes).toBe(0);
  });

  test('does without where they are not', async () => {
    const { gpu } = await hostGpu({ features });
    expect([gpu.quads, [...gpu.features]]).toEqual(['scattered', ['shader-f16']]);
  });

  test('that fails when it is first used is none, and goes', async () => {
    let device: HostDevice | undefined;
    const lost = () => {
      device = new HostDevice({ features });
      device.lose('unknown', 'reset');
      return device;
    };
    const request = hostGpu({ features, device: lost });
    await expect(request).rejects.toMatchObject({
      code: 'no-device',
      message: expect.stringContaining('the device failed before it could be used ('),
      cause: expect.anything(),
    });
    expect(device?.liveBuffers).toEqual([]);
    expect(device?.isDestroyed).toBe(true);
  });
});

describe('another device', () => {
  test('of the same adapter has the edits of shaders, and shows what it reads', async () => {
    const { gpu, devices } = await hostGpu();
    gpu.recorder.pipelines.edit(SHADER.file, { code: 'edited' });
    const onRead = vi.fn();
    gpu.onRead = onRead;
    const fresh = await gpu.fresh();
    expect(devices.map(({ label }) => label)).toEqual([gpu.device.label, fresh.device.label]);
    fresh.dispatch(launchOf(fresh).launch);
    await fresh.read({ memory: fresh.allocate(4), offset: 0 }, 4);
    expect(devices[1]?.dispatches.map(({ code }) => code)).toEqual(['edited']);
    expect(onRead).toHaveBeenCalledTimes(1);
  });

  /** A machine whose preferred adapter is `fast`, and others by their wishes. */
  const machine = async (
    software: HostAdapterOptions | null,
    frugal: HostAdapterOptions | null,
  ) => {
    const made = new Map<string, ReturnType<typeof hostAdapter>>();
    const adapterOf = (name: string, options: HostAdapterOptions | null) => {
      if (!options) return null;
      const adapter = hostAdapter(options);
      made.set(name, adapter);
      return adapter.adapter;
    };
    const provider = hostProvider((wish) => {
      if (wish?.powerPreference === 'high-performance')
        return adapterOf('fast', { vendor: 'fast' });
      if (wish?.forceFallbackAdapter) return adapterOf('software', software);
      return wish?.powerPreference === 'low-power' ? adapterOf('frugal', frugal) : null;
    });
    const gpu = await Gpu.request(provider);
    const isGone = (name: string) => made.get(name)?.devices[0]?.isDestroyed;
    return { gpu, isGone };
  };

  test('is of the software adapter where there is one', async () => {
    const { gpu } = await machine({ vendor: 'fast', isFallback: true }, { vendor: 'frugal' });
    const other = await gpu.elsewhere();
    expect(other?.adapter).toMatchObject({ vendor: 'fast', isFallback: true });
  });

  test('is of the frugal one where the software adapter is the same, does not work or is none', async () => {
    const broken = () => {
      const device = new HostDevice({ features: ['subgroups'] });
      device.lose('unknown', 'reset');
      return device;
    };
    for (const software of [
      { vendor: 'fast' },
      { vendor: 'broken', features: ['subgroups'], device: broken },
      null,
    ]) {
      const { gpu, isGone } = await machine(software, { vendor: 'frugal' });
      expect((await gpu.elsewhere())?.adapter.vendor).toBe('frugal');
      expect(isGone('software')).toBe(software ? true : undefined);
      expect(isGone('frugal')).toBe(false);
    }
  });

  test('is none on a machine with one adapter', async () => {
    const { gpu, isGone } = await machine({ vendor: 'fast' }, { vendor: 'fast' });
    expect(await gpu.elsewhere()).toBeUndefined();
    expect([isGone('software'), isGone('frugal'), isGone('fast')]).toEqual([true, true, false]);
  });
});

describe('what may have changed memory is counted', () => {
  test('by a dispatch, of what its kernel writes', async () => {
    const { gpu } = await hostGpu();
    const { launch, x, y, z } = launchOf(gpu);
    gpu.dispatch(launch);
    gpu.dispatch(launch);
    expect([x, y, z].map(({ version }) => version)).toEqual([0, 2, 2]);
    gpu.dispatch({ ...launch, bindings: launch.bindings.slice(0, 2) });
    expect([x, y, z].map(({ version }) => version)).toEqual([0, 3, 2]);
  });

  test('by a copy and by a write, of what they write', async () => {
    const { gpu } = await hostGpu();
    const { x, y } = launchOf(gpu);
    gpu.copy({ memory: x, offset: 0 }, { memory: y, offset: 0 }, 4);
    expect([x.version, y.version]).toEqual([0, 1]);
    gpu.write(x, new Uint8Array(4));
    gpu.write(x, new Uint8Array(4));
    expect([x.version, y.version]).toEqual([2, 1]);
  });

  test('and a launch of no workgroups has nothing to do', async () => {
    const { gpu, host } = await hostGpu();
    const { launch, y } = launchOf(gpu, { workgroups: [0, 1, 1] });
    gpu.dispatch(launch);
    gpu.submit();
    expect([y.version, gpu.recorder.dispatches, host.dispatches]).toEqual([0, 0, []]);
  });
});

describe('a transfer', () => {
  test.each([0, 1, 3, 4, 5, 8, 13])('of %i bytes arrives as it is', async (length) => {
    const { gpu } = await hostGpu();
    const memory = gpu.allocate(16);
    gpu.write(memory, new Uint8Array(16).fill(9));
    const all = Uint8Array.from({ length: 40 }, (_, i) => i + 1);
    gpu.write(memory, all.subarray(7, 7 + length));
    const read = await gpu.read({ memory, offset: 0 }, length);
    expect([...new Uint8Array(read)]).toEqual(Array.from({ length }, (_, i) => i + 8));
    const rest = new Uint8Array(await gpu.read({ memory, offset: 0 }, 16));
    expect([...rest.subarray(Math.ceil(length / 4) * 4)]).toEqual(
      Array(16 - Math.ceil(length / 4) * 4).fill(9),
    );
  });

  test('begins at its place, and waits for the device once', async () => {
    const { gpu, host } = await hostGpu();
    const memory = gpu.allocate(16);
    gpu.write(memory, Uint32Array.of(1, 2, 3, 4));
    const shown: Promise<ArrayBuffer>[] = [];
    gpu.onRead = (read) => shown.push(read);
    const read = gpu.read({ memory, offset: 4 }, 8);
    expect([...new Uint32Array(await read)]).toEqual([2, 3]);
    expect(shown).toEqual([read]);
    expect(gpu.waits).toBe(1);
    expect(host.liveBuffers).toHaveLength(1);
    await gpu.finish();
    expect([gpu.waits, host.asked.at(-1)]).toEqual([2, 'wait']);
  });

  test('of the host does not overtake what was recorded before', async () => {
    const seen: number[] = [];
    const { gpu } = await hostGpu({
      run: ({ bindings: [x] }) => void seen.push(x?.bytes[0] as number),
    });
    const { launch, x } = launchOf(gpu);
    gpu.write(x, Uint32Array.of(1));
    gpu.dispatch(launch);
    gpu.write(x, Uint32Array.of(2));
    gpu.dispatch(launch);
    await gpu.finish();
    expect(seen).toEqual([1, 2]);
  });

  test.each<[GPUDeviceLostReason, string, string, string]>([
    ['unknown', 'reset', 'device-lost', 'update the graphics driver'],
    ['unknown', '', 'device-lost', '(unknown): no message: run it again'],
    ['destroyed', 'gone', 'device-destroyed', '(destroyed): gone: only the case itself'],
  ])('from a device that is lost says so: %s %j', async (reason, message, code, text) => {
    const { gpu, host } = await hostGpu();
    const memory = gpu.allocate(4);
    host.lose(reason, message);
    await expect(gpu.read({ memory, offset: 0 }, 4)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(text),
    });
    expect(gpu.lost?.reason).toBe(reason);
    expect(host.liveBuffers).toHaveLength(1);
  });
});

describe('a traced step', () => {
  test('asks nothing of the device, and gives what it asked for', async () => {
    const { gpu, host } = await hostGpu();
    const { launch, y, z } = launchOf(gpu);
    const made = host.buffers.length;
    const { trace, result } = gpu.trace(() => {
      const own = gpu.allocate(5);
      gpu.write(own, Uint8Array.of(1, 2));
      gpu.dispatch(launch);
      gpu.copy({ memory: y, offset: 0 }, { memory: own, offset: 0 }, 4);
      gpu.submit();
      gpu.free(own);
      return 'done';
    });
    expect(result).toBe('done');
    expect(trace.commands.map(({ kind }) => kind)).toEqual(['dispatch', 'copy']);
    expect(trace.allocations).toMatchObject([
      { bytes: 8, guardBytes: 0, version: 2, freed: true, content: Uint8Array.of(1, 2) },
    ]);
    expect([host.buffers.length, host.asked, gpu.recorder.dispatches]).toEqual([made, [], 0]);
    expect([y.version, z.version]).toEqual([1, 1]);
    // Afterwards the device is asked again.
    gpu.dispatch(launch);
    gpu.submit();
    expect(host.dispatches).toHaveLength(1);
    // What a step allocated belongs to its program.
    gpu.free(trace.allocations[0] as never);
    expect(gpu.memory.ledger.liveBuffers).toBe(3);
  });

  test.each<[string, (gpu: Gpu) => unknown, string]>([
    ['reads', (gpu) => gpu.read({ memory: gpu.allocate(4), offset: 0 }, 4), 'capture-read'],
    ['waits', (gpu) => gpu.finish(), 'capture-read'],
    ['is asynchronous', async () => {}, 'capture-async'],
  ])('that %s is refused', async (_, step, code) => {
    const { gpu } = await hostGpu();
    expect(() => gpu.trace(() => step(gpu))).toThrow(expect.objectContaining({ code }));
    expect(gpu.waits).toBe(0);
  });

  test('that writes to memory from outside, or frees it, is refused', async () => {
    const { gpu } = await hostGpu();
    const outside = gpu.allocate(4);
    expect(() => gpu.trace(() => gpu.write(outside, new Uint8Array(4)))).toThrow(
      expect.objectContaining({ code: 'capture-write' }),
    );
    expect(() => gpu.trace(() => gpu.free(outside))).toThrow(
      expect.objectContaining({ code: 'capture-varies' }),
    );
    expect(gpu.memory.isLive(outside)).toBe(true);
  });

  test('keeps what the host wrote, whatever becomes of its array', async () => {
    const { gpu } = await hostGpu();
    const bytes = Uint8Array.of(1, 2);
    const { trace } = gpu.trace(() => gpu.write(gpu.allocate(2), bytes));
    bytes.fill(9);
    expect(trace.allocations).toMatchObject([{ content: Uint8Array.of(1, 2) }]);
  });

  test('within another ends alone', async () => {
    const { gpu, host } = await hostGpu();
    const { launch } = launchOf(gpu);
    const { trace, result } = gpu.trace(() => {
      gpu.dispatch(launch);
      const inner = gpu.trace(() => gpu.dispatch(launch));
      gpu.dispatch(launch);
      return inner.trace;
    });
    expect([trace.commands.length, result.commands.length]).toEqual([2, 1]);
    gpu.submit();
    expect(host.dispatches).toEqual([]);
  });

  test('has memory of whole words without a place', async () => {
    const { gpu } = await hostGpu();
    const { trace } = gpu.trace(() => [0, 4, 9, 1001].map((bytes) => gpu.allocate(bytes)));
    expect(trace.allocations.map(({ bytes }) => bytes)).toEqual([4, 4, 12, 1004]);
    expect(trace.allocations.every(({ freed, version }) => !freed && version === 0)).toBe(true);
    expect(() => trace.allocations[0]?.buffer).toThrow('before it had a place');
    expect(() => trace.allocations[0]?.offset).toThrow('before it had a place');
  });
});

test('a device that is disposed destroys what waits to be used again, and itself', async () => {
  const { gpu, host } = await hostGpu();
  gpu.free(gpu.allocate(4));
  gpu[Symbol.dispose]();
  expect([host.liveBuffers, host.isDestroyed]).toEqual([[], true]);
});
