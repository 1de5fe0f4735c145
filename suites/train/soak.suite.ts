import { splitText } from '../../src/data/text.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';
import { Fingerprints } from '../../src/train/fingerprints.ts';
import { Trainer } from '../../src/train/trainer.ts';
import { ALPHABET, SMALL } from './small.ts';
import { uniformText } from './texts.ts';

export const soakSuite = suite('train.soak', {
  description: 'Training for minutes: memory neither of the device nor of JavaScript grows',
});

/** Steps between two looks at the memory. */
const LAP = 25;
/**
 * However slow the machine is: the collector must have come in the second quarter of the laps and
 * in the last.
 */
const LEAST_LAPS = 60;
/** Least heap of the last quarter, as a multiple of that of the second. */
const MOST_GROWTH = 1.5;

/** Bytes in use on JavaScript's heap, where the runtime tells: no browser tells a worker. */
function heapBytes(): number | undefined {
  const { process } = globalThis as { process?: { memoryUsage?: () => { heapUsed: number } } };
  return process?.memoryUsage?.().heapUsed;
}

/**
 * Steps recorded and replayed in turn, with losses and fingerprints read, for `seconds` and at least
 * {@link LEAST_LAPS}; `look` is called after each lap.
 */
async function soak(t: CaseContext, seconds: number, look: (lap: number) => void): Promise<void> {
  using fingerprints = new Fingerprints(t.gpu);
  const config = { ...SMALL, steps: 1_000_000, seed: t.seed };
  using trainer = new Trainer(
    t.gpu,
    splitText(uniformText(t.seed, 8192, ALPHABET), config.heldoutFraction),
    config,
    { fingerprints },
  );
  await trainer.step();
  await trainer.capture();
  const until = performance.now() + 1000 * seconds;
  let steps = 1;
  for (let lap = 0; performance.now() < until || lap < LEAST_LAPS; lap++) {
    for (let step = 0; step < LAP; step++) await trainer.step();
    await trainer.judgedStep(async () => undefined);
    steps += LAP + 1;
    await fingerprints.read();
    const [loss] = await trainer.losses(steps - 1);
    t.expect(Number.isFinite(loss), () => `the loss of step ${steps} is ${loss}`);
    look(lap);
  }
  t.metric('steps', steps);
}

/** Time limit of a case whose steps take `seconds`. Milliseconds. */
const limitOf = (seconds: number) => 240_000 + 2000 * seconds;

for (const [seconds, tier] of [
  [20, 'full'],
  [600, 'slow'],
] as const)
  soakSuite
    .case('steps', { seconds: [seconds] })
    .tier(tier)
    .timeout(limitOf(seconds))
    .desc(
      'Steps recorded and replayed in turn, with losses and fingerprints read: after every lap the same device bytes are live and allocated.',
    )
    .control('a loss leaves a buffer behind', (fault) =>
      fault.host('cross_entropy.forward', (original) => (gpu, ...args) => {
        gpu.memory.allocate(256);
        return original(gpu, ...args);
      }),
    )
    .run(async (t) => {
      let device = '';
      await soak(t, seconds, (lap) => {
        const { liveBytes, liveBuffers, allocatedBytes } = t.gpu.memory.ledger;
        const now = `${liveBytes} bytes in ${liveBuffers} buffers are live and ${allocatedBytes} allocated`;
        // Buffers of every size are made in the first lap.
        if (lap > 0)
          t.expect(
            now === device,
            () => `after lap ${lap + 1} ${now}, and after the one before ${device}`,
          );
        device = now;
      });
    });

for (const seconds of [20, 120])
  soakSuite
    .case('heap', { seconds: [seconds] })
    .tier('slow')
    .timeout(limitOf(seconds))
    .desc(
      'The heap of JavaScript comes back down to where it was during such steps, in Node: a worker of a browser is not told its size.',
    )
    .control('every batch is kept', (fault) =>
      fault.host('data.random_batch', (original) => {
        const kept: number[][] = [];
        return (...args) => {
          kept.push(Array.from({ length: 20_000 }, (_, i) => i + kept.length));
          return original(...args);
        };
      }),
    )
    .run(async (t) => {
      if (heapBytes() === undefined)
        t.skip('heap-not-told', 'the runtime tells a worker no size of its heap');
      const heaps: number[] = [];
      await soak(t, seconds, () => void heaps.push(heapBytes() ?? 0));
      const quarter = Math.floor(heaps.length / 4);
      // The collector lets the heap rise and fall, higher above the troughs the more is kept: only
      // troughs tell. The first quarter still holds what other cases left.
      const before = Math.min(...heaps.slice(quarter, 2 * quarter));
      const after = Math.min(...heaps.slice(-quarter));
      t.metric('heapBeforeBytes', before);
      t.metric('heapAfterBytes', after);
      t.expect(
        after <= MOST_GROWTH * before,
        () => `the heap comes down to ${after} bytes at the end and came down to ${before} before`,
      );
    });
