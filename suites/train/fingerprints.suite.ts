import { Scope } from '../../src/gpu/scope.ts';
import { hostTensor } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { fingerprintOf } from '../../src/testing/bit-flip.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';
import { Fingerprints } from '../../src/train/fingerprints.ts';

export const fingerprintsSuite = suite('train.fingerprints', {
  description: 'What is kept of every op of a training run: sums of the bits of its results',
});

/**
 * Words of the tensors of each step: of one lane and of many, and so many small ones that their
 * sums fill more than a page.
 */
const STEPS: readonly (readonly number[])[] = [[5, 4097], [70], Array<number>(520).fill(3)];

fingerprintsSuite
  .case('of-tensors')
  .desc(
    'The sums of three steps, recorded and captured, are those that the host makes of the words of each tensor, in their order.',
  )
  .control('places counted from 1', (fault) =>
    fault.shader('bits/fingerprint', 'mixed(x[i], i)', 'mixed(x[i], i + 1u)'),
  )
  .run(async (t) => {
    using scope = new Scope();
    using fingerprints = new Fingerprints(t.gpu);
    const random = t.random();
    const hosts = STEPS.map((sizes) =>
      sizes.map((size) => Uint32Array.from({ length: size }, () => random.word())),
    );
    const steps = hosts.map((words) =>
      words.map((data) => scope.add(Tensor.from(t.gpu, hostTensor('u32', [data.length], data)))),
    );
    for (const tensors of steps) {
      for (const tensor of tensors) fingerprints.see({ tensor });
      fingerprints.endStep();
    }
    const expected = hosts.map((words) => words.flatMap(fingerprintOf));
    await expectSums(t, 'recorded', fingerprints, expected);

    const observe = () => {
      for (const tensor of steps[0] ?? []) fingerprints.see({ tensor });
    };
    for (const step of [1, 2]) {
      if (step === 2) observe();
      else for (const tensor of steps[1] ?? []) fingerprints.see({ tensor });
      fingerprints.endStep();
    }
    using sums = fingerprints.sumsOf(observe);
    fingerprints.recordInto(sums, observe);
    fingerprints.keep(sums);
    fingerprints.endStep();
    await expectSums(t, 'captured', fingerprints, [
      expected[1] ?? [],
      expected[0] ?? [],
      expected[0] ?? [],
    ]);
  });

async function expectSums(
  t: CaseContext,
  what: string,
  fingerprints: Fingerprints,
  expected: readonly (readonly number[])[],
): Promise<void> {
  const read = await fingerprints.read();
  t.expect(
    read.length === expected.length,
    () => `${read.length} steps were ${what}, and there were ${expected.length}`,
  );
  for (const [i, sums] of expected.entries()) {
    const data = Float64Array.from(read[i] ?? []);
    t.expectEqual(
      `${what} step ${i + 1}`,
      { shape: [data.length], data },
      { shape: [sums.length], data: Float64Array.from(sums) },
    );
  }
}
