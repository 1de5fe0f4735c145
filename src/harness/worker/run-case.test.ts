import { expect, test } from 'vitest';
import { covers } from '../../catalog/covers.ts';
import { hostGpu } from '../../gpu/fixtures/host-gpu.ts';
import { Tensor } from '../../tensor/tensor.ts';
import type { CaseContext } from '../../testing/context.ts';
import { type CaseBuilder, suite } from '../../testing/suite.ts';
import { runCase } from './run-case.ts';

const CONDITIONS = { ieee: true, seed: 1, control: false };

/** What becomes of a case with this body. */
async function outcomeOf(
  body: (t: CaseContext) => void,
  declare: (made: CaseBuilder<Record<never, never>>) => unknown = () => {},
) {
  const { gpu } = await hostGpu();
  const own = suite('own', { description: '' });
  const made = own.case('memory').control('none', () => {});
  declare(made);
  made.run(async (t) => {
    t.expect(true, () => '');
    body(t);
  });
  using _before = Tensor.empty(gpu, 'f32', [100]);
  const [declared] = own.cases;
  if (!declared) throw new Error('the suite has no case');
  return (await runCase(declared, gpu, CONDITIONS)).outcome;
}

/** Two tensors at once, and then a smaller one. */
function passing({ gpu }: CaseContext): void {
  {
    using _one = Tensor.empty(gpu, 'f32', [10]);
    using _two = Tensor.empty(gpu, 'f32', [20]);
  }
  using _three = Tensor.empty(gpu, 'f32', [5]);
}

const leaking = ({ gpu }: CaseContext) => void Tensor.empty(gpu, 'f32', [4]);

test(
  'every result tells the peak of its memory, and what was not freed',
  covers('fsdp.utilities.pattern-memory-tracked-forward/peak-and-leak-metrics').control(
    'what was there before is counted, too',
    {
      file: 'src/harness/worker/scopes.ts',
      from: "metrics['peakBytes'] ??= totalUsedBytes;",
      to: "metrics['peakBytes'] ??= initialBytes + totalUsedBytes;",
    },
  ),
  async () => {
    const freed = await outcomeOf(passing);
    expect([freed.status, freed.metrics]).toEqual(['pass', { peakBytes: 120, leakedBytes: 0 }]);
    const idle = await outcomeOf(() => {});
    expect(idle.metrics).toEqual({ peakBytes: 0, leakedBytes: 0 });
    const failed = await outcomeOf((t) => {
      passing(t);
      leaking(t);
      throw new Error('broken');
    });
    expect([failed.status, failed.metrics]).toEqual(['error', { peakBytes: 120, leakedBytes: 16 }]);
    const measured = await outcomeOf((t) => {
      t.metric('peakBytes', 7);
      passing(t);
    });
    expect(measured.metrics).toEqual({ peakBytes: 7, leakedBytes: 0 });
  },
);

test(
  'memory that was not freed turns a case red, unless it says that it keeps it',
  covers('fsdp.utilities.pattern-memory-tracked-forward/leak-fails').control('a leak is let pass', {
    file: 'src/harness/worker/scopes.ts',
    from: 'liveBytes !== before.liveBytes && !keepsMemory',
    to: 'liveBytes < before.liveBytes && !keepsMemory',
  }),
  async () => {
    const leaked = await outcomeOf(leaking);
    expect([leaked.status, leaked.error]).toEqual([
      'fail',
      { code: 'leak', message: '16 bytes in 1 buffer were not freed' },
    ]);
    expect(leaked.metrics).toEqual({ peakBytes: 16, leakedBytes: 16 });
    const kept = await outcomeOf(leaking, (made) => made.keepsMemory());
    expect([kept.status, kept.metrics]).toEqual(['pass', { peakBytes: 16, leakedBytes: 16 }]);
  },
);
