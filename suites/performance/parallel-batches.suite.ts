import { Tape } from '../../src/autograd/tape.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import { Scope } from '../../src/gpu/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { overlapOf, submitAll } from '../../src/testing/overlap.ts';
import { suite } from '../../src/testing/suite.ts';
import { timedGate } from '../../src/testing/timed-gate.ts';
import { bitsOf } from '../errors/bits.ts';
import { SimpleLayer, upload } from '../errors/simple-layer.ts';

export const parallelBatches = suite('performance.parallel-batches', {
  description: 'Ten batches that are submitted without waiting, beside one after the other',
});

const BATCHES = 10;
const ROWS = 32;

/** The layer, and ten batches for it. */
class Batches implements Disposable {
  readonly #t: CaseContext;
  readonly #scope = new Scope();
  readonly #layer: SimpleLayer;
  readonly #inputs: readonly Tensor[];

  constructor(t: CaseContext) {
    this.#t = t;
    this.#layer = this.#scope.add(new SimpleLayer(t));
    this.#inputs = Array.from({ length: BATCHES }, (_, i) => {
      const random = t.random(i + 1);
      const data = random.fill(ROWS * 64, () => random.normal());
      return this.#scope.add(upload(t, { shape: [ROWS, 64], data }));
    });
  }

  /** A job for each batch, whose result is pushed to `results`. */
  jobs(results: Tensor[]): readonly (() => void)[] {
    return this.#inputs.map((x) => () => {
      const tape = this.#scope.add(new Tape(this.#t.gpu));
      results.push(this.#layer.forward(tape, x));
    });
  }

  [Symbol.dispose](): void {
    this.#scope[Symbol.dispose]();
  }
}

const waiting = () => (gpu: Gpu) => gpu.finish();

parallelBatches
  .case('same-bits')
  .tier('full')
  .covers('triton.performance.parallel-batches/outputs-bit-equal')
  .desc('Ten batches in flight give the bits that they give one after the other.')
  .control('a batch in flight gets the rows of another', (fault) =>
    fault.host('overlap.order', () => (jobs: readonly unknown[]) => [...jobs].reverse()),
  )
  .run(async (t) => {
    using batches = new Batches(t);
    const together: Tensor[] = [];
    await submitAll(t.gpu, batches.jobs(together));
    const alone: Tensor[] = [];
    for (const job of batches.jobs(alone)) {
      job();
      await t.gpu.finish();
    }
    for (let i = 0; i < BATCHES; i++) {
      t.expectEqual(
        `bits of batch ${i}`,
        await bitsOf(together[i] as Tensor),
        await bitsOf(alone[i] as Tensor),
      );
    }
  });

parallelBatches
  .case('no-wait-between')
  .tier('full')
  .covers('triton.performance.parallel-batches/no-await-between')
  .desc('Ten batches are ten submits, and the host waits for the device at none of them.')
  .control('a wait after each submit', (fault) => fault.host('overlap.between', waiting))
  .run(async (t) => {
    using batches = new Batches(t);
    const { submits, waits } = await overlapOf(t.gpu, batches.jobs([]));
    t.metric('submits', submits);
    t.metric('waits', waits);
    t.expect(submits === BATCHES, () => `there were ${submits} submits`);
    t.expect(waits === 0, () => `the host waited ${waits} times between them`);
  });

/** Milliseconds by which the end of the queue is told too late. */
const DELAY = 200;

/** Times ten batches as they are, for the report, and then with each end of the queue delayed. */
async function delayed(t: CaseContext) {
  using batches = new Batches(t);
  const { totalMs, sumMs } = await overlapOf(t.gpu, batches.jobs([]));
  t.metric('totalMs', totalMs);
  t.metric('sumMs', sumMs);
  t.metric('overlap', sumMs / totalMs);
  using injector = t.injector();
  injector.inject({
    host: {
      seam: 'overlap.done',
      wrap: () => async (gpu: Gpu) => {
        await gpu.finish();
        await new Promise((resolve) => setTimeout(resolve, DELAY));
      },
    },
  });
  return await overlapOf(t.gpu, batches.jobs([]));
}

parallelBatches
  .case('total')
  .tier('full')
  .covers('triton.performance.parallel-batches/total-time')
  .injects({ host: { seam: 'overlap.done' } })
  .desc(
    'The total is shown, and is the time until the device is done: where the end of its queue comes 200 ms late, so does the total.',
  )
  .control('the end is not awaited', (fault) =>
    fault.host('overlap.finished', () => () => Promise.resolve()),
  )
  .run(async (t) => {
    const { totalMs } = await delayed(t);
    // A timer may be early by a part of a millisecond.
    t.expect(totalMs >= DELAY - 1, () => `the total is ${totalMs} ms`);
  });

parallelBatches
  .case('overlap')
  .tier('full')
  .covers('triton.performance.parallel-batches/overlap')
  .injects({ host: { seam: 'overlap.done' } })
  .desc(
    'Total and sum of the latencies are shown: with ends that come 200 ms late, ten by themselves are two seconds late, and together are not.',
  )
  .control('a wait of 600 ms after each submit', (fault) =>
    fault.host(
      'overlap.between',
      () => () => new Promise((resolve) => setTimeout(resolve, 3 * DELAY)),
    ),
  )
  .run(async (t) => {
    const { totalMs, sumMs, latenciesMs } = await delayed(t);
    t.expect(latenciesMs.length === BATCHES, () => `${latenciesMs.length} latencies were taken`);
    t.expect(sumMs >= BATCHES * (DELAY - 1), () => `the sum of latencies is ${sumMs} ms`);
    // What the work itself takes, twice, differs by less than half of the delays.
    t.expect(
      totalMs <= sumMs - (BATCHES / 2) * DELAY,
      () => `the total is ${totalMs} ms of a sum of ${sumMs} ms`,
    );
  });

parallelBatches
  .case('timed')
  .tier('full')
  .covers(
    'triton.performance.parallel-batches/total-time',
    'triton.performance.parallel-batches/overlap',
  )
  .desc('On a graphics chip ten batches take less than a second, and less than one by one.')
  .control('a wait of 200 ms after each submit', (fault) =>
    fault.host('overlap.between', () => () => new Promise((resolve) => setTimeout(resolve, 200))),
  )
  .run(async (t) => {
    using batches = new Batches(t);
    await timedGate(
      t,
      () => overlapOf(t.gpu, batches.jobs([])),
      ({ totalMs, sumMs }) => totalMs < 1000 && totalMs < sumMs,
      ({ totalMs, sumMs }) =>
        `${totalMs.toFixed(1)} ms together, ${sumMs.toFixed(1)} ms one by one`,
    );
  });
