import { describe, expect, test, vi } from 'vitest';
import { hostGpu } from '../gpu/fixtures/host-gpu.ts';
import { hostTensor } from './host.ts';
import { Tensor } from './tensor.ts';

const numbers = (...of: number[]) => hostTensor('f32', [of.length], Float32Array.from(of));

describe('a tensor', () => {
  test.each([
    ['f32', [2, 3], 24, 32],
    ['f16', [3], 6, 16],
    ['u8', [5], 5, 16],
    ['i32', [0, 4], 0, 16],
    ['bf16', [16], 32, 32],
    ['f32', [], 4, 16],
  ] as const)(
    'in %s of %j has %i bytes, and binds whole units of 16: %i',
    async (dtype, shape, bytes, bound) => {
      const { gpu } = await hostGpu();
      const tensor = Tensor.empty(gpu, dtype, shape);
      expect([tensor.bytes, tensor.binding.size, tensor.binding.offset]).toEqual([bytes, bound, 0]);
      expect(tensor.size).toBe(shape.reduce<number>((a, b) => a * b, 1));
      expect(tensor.version).toBe(0);
    },
  );

  test('holds what it is given, and what it is given later', async () => {
    const { gpu } = await hostGpu();
    using tensor = Tensor.from(gpu, numbers(1, 2, 3));
    expect((await tensor.read()).data).toEqual(Float32Array.of(1, 2, 3));
    tensor.write(numbers(4, 5, 6));
    expect(await tensor.read()).toEqual(numbers(4, 5, 6));
    expect(tensor.version).toBe(2);
    expect(await Tensor.zeros(gpu, [2]).read()).toEqual(numbers(0, 0));
  });

  test('frees its memory once, and is not used afterwards', async () => {
    const { gpu } = await hostGpu();
    const tensor = Tensor.empty(gpu, 'f32', [2, 3]);
    tensor[Symbol.dispose]();
    const other = Tensor.empty(gpu, 'f32', [2]);
    tensor[Symbol.dispose]();
    expect(gpu.memory.ledger.liveBytes).toBe(other.bytes);
    expect(() => tensor.binding).toThrow('tensor f32 2x3 was used after its disposal');
  });

  test('of a guarded device binds its guard too, up to whole words', async () => {
    const { gpu } = await hostGpu();
    gpu.memory.guarded = true;
    const tensor = Tensor.empty(gpu, 'u8', [5]);
    expect(tensor.binding.size).toBe(8 + 256);
    expect(tensor.view([5]).binding.size).toBe(16);
    expect(Tensor.empty(gpu, 'f32', [0]).binding.size).toBe(4 + 256);
  });
});

describe('a view', () => {
  test('is a part of the memory, which it does not own', async () => {
    const { gpu } = await hostGpu();
    const tensor = Tensor.from(gpu, numbers(...Array.from({ length: 192 }, (_, i) => i)));
    const half = tensor.view([2, 64], { offset: 256 });
    const quarter = half.view([64], { offset: 256 });
    expect([half.binding.offset, half.binding.size]).toEqual([256, 512]);
    expect([quarter.binding.offset, quarter.binding.size]).toEqual([512, 256]);
    expect((await quarter.read()).data[0]).toBe(128);
    half[Symbol.dispose]();
    expect(gpu.memory.ledger.liveBuffers).toBe(1);
    expect(half.version).toBe(tensor.version);
    expect((await tensor.view([192], { dtype: 'u32' }).read()).data).toBeInstanceOf(Uint32Array);
  });

  test('reaches the last byte, and not one further', async () => {
    const { gpu } = await hostGpu();
    const tensor = Tensor.empty(gpu, 'f32', [128]);
    expect(tensor.view([64], { offset: 256 }).bytes).toBe(256);
    expect(() => tensor.view([65], { offset: 256 })).toThrow(
      'a view of 260 bytes at 256 does not fit in 512',
    );
    expect(tensor.view([512], { dtype: 'u8' }).bytes).toBe(512);
    expect(() => tensor.view([513], { dtype: 'u8' })).toThrow('a view of 513 bytes at 0');
  });

  test('is not written from the host', async () => {
    const { gpu } = await hostGpu();
    const tensor = Tensor.empty(gpu, 'f32', [128]);
    const data = hostTensor('f32', [64], new Float32Array(64));
    expect(() => tensor.view([64], { offset: 256 }).write(data)).toThrow(
      'write needs a whole tensor of the same size',
    );
    expect(() => tensor.write(data)).toThrow('write needs a whole tensor of the same size');
  });
});

describe('a copy', () => {
  test('has memory of its own', async () => {
    const { gpu } = await hostGpu();
    const tensor = Tensor.from(gpu, numbers(1, 2, 3));
    const copy = tensor.clone();
    tensor.write(numbers(9, 9, 9));
    expect(await copy.read()).toEqual(numbers(1, 2, 3));
    expect(copy.version).toBe(1);
  });

  test('overwrites all elements, and nothing else', async () => {
    const { gpu } = await hostGpu();
    const bytes = (...of: number[]) => hostTensor('u8', [of.length], Uint8Array.from(of));
    const target = Tensor.from(gpu, bytes(1, 1, 1, 1, 1));
    target.copyFrom(Tensor.from(gpu, bytes(2, 3, 4, 5, 6)));
    expect((await target.read()).data).toEqual(Uint8Array.of(2, 3, 4, 5, 6));
    expect(() => target.copyFrom(Tensor.empty(gpu, 'u8', [4]))).toThrow(
      'a copy of 4 bytes into 5 does not fit',
    );
  });
});

test('a copy moves whole words, and no word more', async () => {
  const { gpu } = await hostGpu();
  const copies = vi.spyOn(gpu, 'copy');
  Tensor.empty(gpu, 'u8', [5]).clone();
  Tensor.empty(gpu, 'f32', [3]).clone();
  expect(copies.mock.calls.map(([, , bytes]) => bytes)).toEqual([8, 12]);
});

test('memory that is lent again is not freed by the one who had it before', async () => {
  const { gpu } = await hostGpu();
  const free = vi.spyOn(gpu, 'free');
  const tensor = Tensor.empty(gpu, 'f32', [2]);
  tensor[Symbol.dispose]();
  tensor[Symbol.dispose]();
  expect(free).toHaveBeenCalledTimes(1);
});

describe('a tensor is refused', () => {
  test.each([
    [[2, -1], '2x-1 is no shape'],
    [[1.5], '1.5 is no shape'],
    [[Number.NaN], 'NaN is no shape'],
  ])('of shape %j', async (shape, message) => {
    const { gpu } = await hostGpu();
    expect(() => Tensor.empty(gpu, 'f32', shape)).toThrow(message);
  });

  test('of more bytes than a kernel reaches', async () => {
    const { gpu } = await hostGpu({ limits: { maxStorageBufferBindingSize: 64 } });
    expect(Tensor.empty(gpu, 'f32', [16]).bytes).toBe(64);
    expect(() => Tensor.empty(gpu, 'f32', [17])).toThrow(
      'f32 17 has 68 bytes, and kernels of this adapter reach 64: split it',
    );
  });

  test('whose data does not fill its shape', async () => {
    const { gpu } = await hostGpu();
    const host = { dtype: 'f32', shape: [3], data: new Float32Array(2) } as const;
    expect(() => Tensor.from(gpu, host)).toThrow('2 elements do not fill shape 3');
    expect(gpu.memory.ledger.liveBytes).toBe(0);
  });
});
