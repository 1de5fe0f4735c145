import { expect, test } from 'vitest';
import type { HostDispatch } from '../gpu/fixtures/host-commands.ts';
import { hostGpu } from '../gpu/fixtures/host-gpu.ts';
import { hostTensor } from '../tensor/host.ts';
import { Tensor } from '../tensor/tensor.ts';
import { Fingerprints } from './fingerprints.ts';

/** Lane l of L adds the words l, l + L, ...: as they are, and times their place from 1 on. */
function addLanes({ bindings: [x, sums, dims], workgroups: [groups = 0] }: HostDispatch): void {
  const words = [x, sums, dims].map(
    (one) => one && new Uint32Array(one.bytes.buffer, one.bytes.byteOffset, one.size / 4),
  );
  const [values, lanes, [count] = []] = words as [Uint32Array, Uint32Array, Uint32Array];
  const all = 64 * groups;
  lanes.fill(0, 0, 2 * all);
  for (let i = 0; i < (count as number); i++) {
    const lane = 2 * (i % all);
    lanes[lane] = (lanes[lane] as number) + (values[i] as number);
    lanes[lane + 1] = (lanes[lane + 1] as number) + (i + 1) * (values[i] as number);
  }
}

const setUp = async () => {
  const { gpu, host } = await hostGpu({ run: addLanes });
  const words = (...values: readonly number[]) =>
    Tensor.from(gpu, hostTensor('u32', [values.length], Uint32Array.from(values)));
  return { gpu, host, words, prints: new Fingerprints(gpu) };
};

test('each step has two sums of each tensor, in their order, and each is read once', async () => {
  const { gpu, words, prints } = await setUp();
  // Three words in 64 lanes, and 5000 ones in 128.
  using few = words(7, 0xffff_ffff, 5);
  using many = words(...Array(5000).fill(1));
  const held = gpu.memory.ledger.liveBytes;
  expect(await prints.read()).toEqual([]);
  prints.see({ few, many });
  prints.see({ few });
  prints.endStep();
  prints.endStep();
  prints.see({ many });
  prints.endStep();
  const ofFew = [7 + 0xffff_ffff + 5 - 2 ** 32, 7 - 2 + 15];
  const ofMany = [5000, (5000 * 5001) / 2];
  expect(await prints.read()).toEqual([
    Uint32Array.from([...ofFew, ...ofMany, ...ofFew]),
    new Uint32Array(0),
    Uint32Array.from(ofMany),
  ]);
  expect(gpu.memory.ledger.liveBytes).toBe(held);
  // Of a step that has not ended.
  prints.see({ few });
  prints.endStep();
  prints.see({ many, few });
  expect(await prints.read()).toEqual([
    Uint32Array.from(ofFew),
    Uint32Array.from([...ofMany, ...ofFew]),
  ]);
  expect(await prints.read()).toEqual([]);
});

test('sums fill pages, and are read of every one', async () => {
  const { gpu, words, prints } = await setUp();
  using ones = words(...Array(70_000).fill(1));
  using one = words(3);
  const held = gpu.memory.ledger.liveBytes;
  // 1024 lanes of 8 bytes each: a page of 32 * 1024 holds 32 of them, and one for 33 just these.
  const seeing = (count: number) => () => {
    for (let i = 0; i < count; i++) prints.see({ ones });
  };
  const pagesAfter = (see: () => void) => {
    see();
    return (gpu.memory.ledger.liveBytes - held) / (1024 * 8);
  };
  const pages = [2, 30, 1, 31, 33].map((count) => pagesAfter(seeing(count)));
  expect(pages).toEqual([32, 32, 64, 64, 128]);
  prints.see({ one });
  const ofOnes = [70_000, (70_000 * 70_001) / 2];
  const [sums, ...others] = await prints.read();
  expect(others).toEqual([]);
  expect(sums).toEqual(Uint32Array.from([...Array(97).fill(ofOnes), [3, 3]].flat()));
  expect(gpu.memory.ledger.liveBytes).toBe(held);
  using large = prints.sumsOf(seeing(33));
  prints.recordInto(large, seeing(33));
  prints.keep(large);
  expect(pagesAfter(() => {})).toBe(33 + 33);
  expect(pagesAfter(seeing(33))).toBe(33 + 33 + 64);
  expect(await prints.read()).toEqual([Uint32Array.from(Array(66).fill(ofOnes).flat())]);
  prints.see({ one });
  prints[Symbol.dispose]();
  expect(gpu.memory.ledger.liveBytes).toBe(held + 33 * 1024 * 8);
});

test('a captured step leaves its sums in memory of its own, which is kept each time', async () => {
  const { gpu, host, words, prints } = await setUp();
  using few = words(1, 2);
  using many = words(...Array(5000).fill(2));
  const step = () => {
    prints.see({ few });
    prints.see({ many, last: few });
  };
  using sums = prints.sumsOf(step);
  expect([sums.lanes, sums.memory.shape]).toEqual([
    [64, 128, 64],
    [256, 2],
  ]);
  expect(host.dispatches).toEqual([]);
  expect(await prints.read()).toEqual([]);
  prints.recordInto(sums, step);
  expect(await prints.read()).toEqual([]);
  prints.see({ few });
  prints.endStep();
  prints.keep(sums);
  prints.endStep();
  const ofFew = [3, 5];
  const ofMany = [10_000, 5000 * 5001];
  expect(await prints.read()).toEqual([
    Uint32Array.from(ofFew),
    Uint32Array.from([...ofFew, ...ofMany, ...ofFew]),
  ]);
  const held = gpu.memory.ledger.liveBytes;
  sums[Symbol.dispose]();
  expect(held - gpu.memory.ledger.liveBytes).toBe(256 * 8);
});

test('what is counted or recorded ends with it, whatever is thrown', async () => {
  const { words, prints } = await setUp();
  using few = words(4);
  const failing = () => {
    throw new Error('no step');
  };
  using sums = prints.sumsOf(() => prints.see({ few }));
  expect(() => prints.sumsOf(failing)).toThrow('no step');
  expect(() => prints.recordInto(sums, failing)).toThrow('no step');
  prints.see({ few });
  expect(await prints.read()).toEqual([Uint32Array.of(4, 4)]);
});
