import { matmul } from '../../src/ops/matmul/matmul.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';
import { withSetting } from '../../src/testing/with-setting.ts';

export const settings = suite('utilities.setting', {
  description: 'Settings that hold for a body of work, and are as they were after it',
});

/** Tables of one choice for all products: by registers, or by tiles in workgroup memory. */
const REGISTERS = [{ variant: 'register' }];
const TILED = [{ variant: 'tiled' }];

/** The kernels that a product takes now; none of them runs. */
function kernelsOf(t: CaseContext): string {
  using a = Tensor.zeros(t.gpu, [64, 64]);
  const { trace } = t.gpu.trace(() => matmul.forward(t.gpu, { a, b: a }, {}));
  return trace.commands
    .flatMap((command) => (command.kind === 'dispatch' ? [command.launch.shader.file] : []))
    .join();
}

settings
  .case('set-for-body')
  .covers('fsdp.utilities.temp-env-var/set-for-body')
  .desc(
    'Within the body a product takes the kernel that the table of the setting names, and before and after it that of the device; the body gives what it returns.',
  )
  .control('nothing is set', (fault) => fault.host('testing.put', () => () => {}))
  .run(async (t) => {
    const before = kernelsOf(t);
    const registers = await withSetting(t.gpu, 'tuned', REGISTERS, () => kernelsOf(t));
    const tiled = await withSetting(t.gpu, 'tuned', TILED, () => kernelsOf(t));
    const after = kernelsOf(t);
    t.expect(registers === 'matmul/register', () => `the first body takes ${registers}`);
    t.expect(
      tiled === 'matmul/split' || tiled === 'matmul/workgroup',
      () => `the second body takes ${tiled}`,
    );
    t.expect(before === after, () => `${before} is taken before the body and ${after} after it`);
  });

/** What a body does, and how it ends. */
const ENDS: Readonly<Record<string, () => unknown>> = {
  returns: () => 7,
  throws: () => {
    throw new Error('of the body');
  },
  'is-aborted': async () => {
    const aborting = new AbortController();
    queueMicrotask(() => aborting.abort(new Error('of the body')));
    await new Promise((_, reject) => {
      aborting.signal.addEventListener('abort', () => reject(aborting.signal.reason));
    });
  },
};

settings
  .case('restored', { body: Object.keys(ENDS) })
  .covers('fsdp.utilities.temp-env-var/restored-after')
  .desc(
    'A table, a budget of memory and a flag that was not there are as they were, the flag not there, after a body that returns, throws or is aborted, and after one within another.',
  )
  .control('nothing is put back', (fault) => fault.host('testing.put_back', () => () => {}))
  .run(async (t) => {
    const end = ENDS[t.params.body] as () => unknown;
    const flags: { verbose?: string } = {};
    const { tuned } = t.gpu;
    const { budgetBytes } = t.gpu.memory;
    const left: unknown[] = [];
    const within = async () => {
      left.push(t.gpu.tuned, t.gpu.memory.budgetBytes, flags.verbose);
      return await end();
    };
    const nested = () =>
      withSetting(t.gpu.memory, 'budgetBytes', 1e12, () =>
        withSetting(flags, 'verbose', 'yes', within),
      );
    const ended = await withSetting(t.gpu, 'tuned', TILED, nested).catch(
      (error: Error) => error.message,
    );
    const now = [t.gpu.tuned, t.gpu.memory.budgetBytes, Object.keys(flags).length];
    // What a fault leaves is of this case alone.
    t.gpu.tuned = tuned;
    t.gpu.memory.budgetBytes = budgetBytes;
    t.expect(
      left[0] === TILED && left[1] === 1e12 && left[2] === 'yes',
      () => `the body finds ${left}`,
    );
    const expected = t.params.body === 'returns' ? 7 : 'of the body';
    t.expect(ended === expected, () => `the body ends with ${ended}`);
    t.expect(
      now[0] === tuned && now[1] === budgetBytes && now[2] === 0,
      () => `after it there is ${now}`,
    );
  });
