import { afterEach, describe, expect, test, vi } from 'vitest';
import { requestDevice } from './device.ts';
import { hostAdapter, hostProvider } from './fixtures/host-gpu.ts';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const inBrowser = (isSecureContext = true) => {
  vi.stubGlobal('location', {});
  vi.stubGlobal('isSecureContext', isSecureContext);
};
const never = () => new Promise<never>(() => {});
const silent = { requestAdapter: never } as unknown as GPU;

describe('a device', () => {
  test('has the features of the language that kernels use, and asks for none of them', async () => {
    const { adapter, asked } = hostAdapter({ features: ['subgroups'] });
    const provider = hostProvider(() => adapter);
    const language = new Set(['linear_indexing', 'packed_4x8_integer_dot_product']);
    const grant = await requestDevice(Object.assign(provider, { wgslLanguageFeatures: language }));
    expect(grant.features).toEqual(['subgroups', 'packed_4x8_integer_dot_product']);
    expect(asked).toMatchObject([{ requiredFeatures: ['subgroups'] }]);
  });

  test('has the features that kernels use, as far as the adapter has them, and its limits', async () => {
    const limits = { maxBufferSize: 4_000, maxComputeWorkgroupSizeY: 77 };
    const features = ['timestamp-query', 'texture-compression-bc', 'shader-f16'];
    const { adapter, asked } = hostAdapter({
      features,
      limits,
      isFallback: true,
      vendor: 'mesa',
      widestSubgroup: 32,
    });
    const grant = await requestDevice(hostProvider(() => adapter));
    const all = {
      maxBufferSize: 4_000,
      maxStorageBufferBindingSize: 2 ** 27,
      maxStorageBuffersPerShaderStage: 8,
      maxComputeWorkgroupStorageSize: 16_384,
      maxComputeInvocationsPerWorkgroup: 256,
      maxComputeWorkgroupSizeX: 256,
      maxComputeWorkgroupSizeY: 77,
    };
    expect(grant.features).toEqual(['shader-f16', 'timestamp-query']);
    expect(grant.limits).toEqual(all);
    expect(grant.widestSubgroup).toBe(32);
    expect(grant.adapter).toEqual({
      vendor: 'mesa',
      architecture: 'arch',
      device: 'dev',
      description: 'desc',
      isFallback: true,
    });
    expect(asked).toMatchObject([
      { requiredFeatures: ['shader-f16', 'timestamp-query'], requiredLimits: all },
    ]);
  });

  test('is of the adapter that is fast, unless there is another wish', async () => {
    const wishes: unknown[] = [];
    const provider = hostProvider((wish) => {
      wishes.push(wish);
      return hostAdapter().adapter;
    });
    await requestDevice(provider);
    await requestDevice(provider, { forceFallbackAdapter: true });
    expect(wishes).toEqual([
      { powerPreference: 'high-performance' },
      { forceFallbackAdapter: true },
    ]);
  });

  test('is named by how many were asked for before', async () => {
    const provider = hostProvider(() => hostAdapter().adapter);
    const numberOf = async () =>
      Number(/^device (\d+)$/.exec((await requestDevice(provider)).device.label)?.[1]);
    const first = await numberOf();
    expect(first).toBeGreaterThan(0);
    expect(await numberOf()).toBe(first + 1);
  });
});

describe('where there is no device, it is said what to do', () => {
  test('in a program without WebGPU', async () => {
    await expect(requestDevice(undefined)).rejects.toMatchObject({
      code: 'no-webgpu',
      message: expect.stringContaining('hand Gpu.request() what create()'),
    });
  });

  test('in a browser without WebGPU', async () => {
    inBrowser();
    await expect(requestDevice(undefined)).rejects.toMatchObject({
      code: 'no-webgpu',
      message: expect.stringContaining('use a current Chrome'),
    });
  });

  test('on a page without a secure context', async () => {
    inBrowser(false);
    await expect(requestDevice(undefined)).rejects.toMatchObject({ code: 'insecure-context' });
  });

  test.each([
    ['a program', () => {}, 'no Vulkan driver was found'],
    ['a browser', inBrowser, 'the browser has WebGPU but offers no adapter'],
  ])('in %s that gets no adapter', async (_, enter, message) => {
    enter();
    await expect(requestDevice(hostProvider(() => null))).rejects.toMatchObject({
      code: 'no-adapter',
      message: expect.stringContaining(message),
    });
  });

  test.each([
    ['a program', () => {}, 'close other programs that use the GPU'],
    ['a browser', inBrowser, 'close other tabs that use the GPU'],
  ])('in %s whose adapter refuses', async (_, enter, message) => {
    enter();
    const cause = new Error('busy');
    const adapter = { ...hostAdapter().adapter, requestDevice: () => Promise.reject(cause) };
    await expect(requestDevice(hostProvider(() => adapter))).rejects.toMatchObject({
      code: 'no-device',
      message: expect.stringContaining(message),
      cause,
    });
  });
});

describe('an answer', () => {
  test.each([
    ['a program', () => {}, 'restart the program'],
    ['a browser', inBrowser, 'restart the browser'],
  ])('is waited for 15 s by %s', async (_, enter, advice) => {
    enter();
    vi.useFakeTimers();
    const settled = vi.fn();
    const message = `no adapter or device within 15000 ms: the graphics process may be stuck; ${advice}`;
    const request = requestDevice(silent);
    const expectation = expect(request).rejects.toMatchObject({
      code: 'adapter-timeout',
      message,
    });
    request.catch(settled);
    await vi.advanceTimersByTimeAsync(14_999);
    expect(settled).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    await expectation;
  });

  test('that never comes from the adapter has the same error', async () => {
    vi.useFakeTimers();
    const adapter = { ...hostAdapter().adapter, requestDevice: never };
    const expectation = expect(requestDevice(hostProvider(() => adapter))).rejects.toMatchObject({
      code: 'adapter-timeout',
    });
    await vi.advanceTimersByTimeAsync(15_000);
    await expectation;
  });

  test('that comes leaves no timer', async () => {
    vi.useFakeTimers();
    await requestDevice(hostProvider(() => hostAdapter().adapter));
    expect(vi.getTimerCount()).toBe(0);
  });
});
