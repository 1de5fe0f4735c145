import { memoryTracker } from '../../src/gpu/memory-tracker.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';

export const memory = suite('gpu.memory', {
  description: 'What is told of device memory while a block of work runs, and after it',
});

const MIB = 1024 * 1024;
const TEMPORARY = 64 * MIB;

/** An allocation of `bytes` bytes that is freed at once. */
function passing(t: CaseContext, bytes: number): void {
  Tensor.empty(t.gpu, 'f32', [bytes / 4])[Symbol.dispose]();
}

/** Asserts that figures are what they should be, by name. */
function expectFigures(
  t: CaseContext,
  what: string,
  actual: object,
  expected: Readonly<Record<string, number>>,
): void {
  const told = actual as Readonly<Record<string, number>>;
  for (const [name, value] of Object.entries(expected))
    t.expect(told[name] === value, () => `${what}: ${name} is ${told[name]} and not ${value}`);
}

memory
  .case('figures')
  .covers(
    'fsdp.utilities.memory-stats/four-figures',
    'fsdp.utilities.memory-stats/total-used',
    'fsdp.utilities.memory-tracker/live-stats',
  )
  .desc(
    'Within the block the figures are those of the moment: what was live at the start, the peak so far, what is live now, the bytes of all buffers, and peak less start.',
  )
  .control('figures that come after the block', (fault) =>
    fault.host('memory.followed', () => (stats) => stats),
  )
  .run(async (t) => {
    const { liveBytes } = t.gpu.memory.ledger;
    using _before = Tensor.empty(t.gpu, 'f32', [1000]);
    const initialBytes = liveBytes + 4000;
    passing(t, 5000); // a peak before the block is none of the block's
    t.gpu.memory.trim();
    using buffers = new LiveBuffers(t.gpu.device);
    await using tracker = memoryTracker(t.gpu);
    const { allocatedBytes } = tracker.stats;
    passing(t, 3000);
    using _kept = Tensor.empty(t.gpu, 'f32', [250]);
    expectFigures(t, 'in the block', tracker.stats, {
      initialBytes,
      peakBytes: initialBytes + 3000,
      finalBytes: initialBytes + 1000,
      allocatedBytes: allocatedBytes + buffers.bytes,
      totalUsedBytes: 3000,
    });
  });

memory
  .case('running-peak')
  .covers('fsdp.utilities.memory-stats/running-peak')
  .desc('The peak is updated at every allocation and is kept at every release.')
  .control('a peak of the moment', (fault) =>
    fault.host('memory.followed', (followed) => (stats, ledger) => {
      const next = followed(stats, ledger);
      return { ...next, peakBytes: next.finalBytes };
    }),
  )
  .run(async (t) => {
    await using tracker = memoryTracker(t.gpu);
    const { initialBytes } = tracker.stats;
    const held: Tensor[] = [];
    let live = 0;
    let peak = 0;
    for (const change of [400, 1200, -1, 800, -1, -1, 2000, -1]) {
      if (change > 0) {
        held.push(Tensor.empty(t.gpu, 'f32', [change / 4]));
        live += change;
      } else {
        const freed = held.pop() as Tensor;
        freed[Symbol.dispose]();
        live -= freed.bytes;
      }
      peak = Math.max(peak, live);
      expectFigures(t, `after ${change}`, tracker.stats, {
        peakBytes: initialBytes + peak,
        finalBytes: initialBytes + live,
      });
    }
  });

memory
  .case('temporary-buffer')
  .covers('fsdp.utilities.memory-stats/temp-buffer-64-mib')
  .desc(
    'A buffer of 64 MiB that lives within the block alone: peak less start is 67,108,864 bytes exactly, and the end is the start.',
  )
  .control('only the end is looked at', (fault) =>
    fault.host('memory.followed', (followed) => (stats, ledger) => {
      const next = followed(stats, ledger);
      return { ...next, peakBytes: Math.max(stats.initialBytes, next.finalBytes) };
    }),
  )
  .run(async (t) => {
    const tracker = memoryTracker(t.gpu);
    {
      await using _end = tracker;
      passing(t, TEMPORARY);
    }
    const { initialBytes, peakBytes, finalBytes } = tracker.stats;
    expectFigures(
      t,
      'after the block',
      { used: peakBytes - initialBytes, kept: finalBytes - initialBytes },
      { used: 67_108_864, kept: 0 },
    );
    t.gpu.memory.trim();
  });

memory
  .case('nested-trackers')
  .covers('fsdp.utilities.memory-tracker/nesting')
  .desc(
    'Of two blocks, one in the other, each has figures from its own start to its own end; the outer one has the inner one’s peak too.',
  )
  .control('a start of nothing', (fault) =>
    fault.host('memory.started', (started) => (ledger) => ({
      ...started(ledger),
      initialBytes: 0,
    })),
  )
  .run(async (t) => {
    using _before = Tensor.empty(t.gpu, 'f32', [7]);
    const { liveBytes } = t.gpu.memory.ledger;
    const outer = memoryTracker(t.gpu);
    await using _end = outer;
    passing(t, 4000);
    using _held = Tensor.empty(t.gpu, 'f32', [100]);
    const inner = memoryTracker(t.gpu);
    {
      await using _inner = inner;
      passing(t, 6000);
    }
    expectFigures(t, 'outer, after the inner one', outer.stats, {
      peakBytes: liveBytes + 6400,
      finalBytes: liveBytes + 400,
    });
    passing(t, 8000);
    expectFigures(t, 'inner', inner.stats, {
      initialBytes: liveBytes + 400,
      peakBytes: liveBytes + 6400,
      finalBytes: liveBytes + 400,
      totalUsedBytes: 6000,
    });
    expectFigures(t, 'outer', outer.stats, {
      initialBytes: liveBytes,
      peakBytes: liveBytes + 8400,
      finalBytes: liveBytes + 400,
      totalUsedBytes: 8400,
    });
  });

/** What a block throws. */
class Thrown extends Error {}

memory
  .case('thrown-errors')
  .covers('fsdp.utilities.memory-tracker/restored-on-throw')
  .desc(
    'A block that throws ends its tracker: the figures stay what they were then, the outer tracker goes on, and the error passes.',
  )
  .control('a tracker that follows on', (fault) =>
    fault.host('memory.unwatched', () => () => undefined),
  )
  .run(async (t) => {
    await using outer = memoryTracker(t.gpu);
    const inner = memoryTracker(t.gpu);
    let thrown: unknown;
    try {
      await using _end = inner;
      passing(t, 4000);
      throw new Thrown('in the block');
    } catch (error) {
      thrown = error;
    }
    t.expect(thrown instanceof Thrown, () => `${thrown} was thrown`);
    passing(t, 8000);
    expectFigures(t, 'inner', inner.stats, { totalUsedBytes: 4000 });
    expectFigures(t, 'outer', outer.stats, { totalUsedBytes: 8000 });
  });

/** Buffers that the device was asked for and that were not destroyed since. */
class LiveBuffers implements Disposable {
  readonly #device: GPUDevice;
  readonly #live = new Set<GPUBuffer>();

  constructor(device: GPUDevice) {
    this.#device = device;
    const create = device.createBuffer.bind(device);
    device.createBuffer = (descriptor) => {
      const buffer = create(descriptor);
      const destroy = buffer.destroy.bind(buffer);
      this.#live.add(buffer);
      buffer.destroy = () => {
        this.#live.delete(buffer);
        return destroy();
      };
      return buffer;
    };
  }

  get bytes(): number {
    return [...this.#live].reduce((sum, { size }) => sum + size, 0);
  }

  [Symbol.dispose](): void {
    Reflect.deleteProperty(this.#device, 'createBuffer');
  }
}

memory
  .case('scripted-trace')
  .covers('fsdp.utilities.memory-tracker/trace-200-steps')
  .desc(
    'Through 200 allocations, releases and clearings of the pool, after each one, the allocated bytes are the sizes of the GPU buffers that live, and the live bytes those of the tensors.',
  )
  .control('buffers that are destroyed unseen', (fault) =>
    fault.host('memory.followed', (followed) => (stats, ledger) => {
      const next = followed(stats, ledger);
      return { ...next, allocatedBytes: Math.max(stats.allocatedBytes, next.allocatedBytes) };
    }),
  )
  .run(async (t) => {
    t.gpu.memory.trim();
    using buffers = new LiveBuffers(t.gpu.device);
    await using tracker = memoryTracker(t.gpu);
    const { allocatedBytes: before, initialBytes } = tracker.stats;
    const random = t.random();
    const held: Tensor[] = [];
    for (let step = 0; step < 200; step++) {
      const action = random.integer(0, 9);
      if (action === 0) t.gpu.memory.trim();
      else if (action > 5 && held.length > 0)
        (held.splice(random.integer(0, held.length - 1), 1)[0] as Tensor)[Symbol.dispose]();
      else held.push(Tensor.empty(t.gpu, 'f32', [random.integer(1, 20_000)]));
      expectFigures(t, `step ${step}`, tracker.stats, {
        allocatedBytes: before + buffers.bytes,
        finalBytes: initialBytes + held.reduce((sum, { bytes }) => sum + bytes, 0),
      });
    }
    for (const tensor of held) tensor[Symbol.dispose]();
    t.gpu.memory.trim();
  });
