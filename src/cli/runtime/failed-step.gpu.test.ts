import { afterAll, beforeAll, expect, test } from 'vitest';
import { covers } from '../../catalog/covers.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { wrapSeam } from '../../seam.ts';
import { KeptInMemory } from '../../train/checkpoint/fixtures/kept-in-memory.ts';
import { checkpointName } from '../../train/checkpoint/run-checkpoint.ts';
import type { LlamaProgress } from '../../train/llama/progress.ts';
import { StepError } from '../../train/llama/recovery/run-faults.ts';
import {
  KINDS,
  newestIn,
  type RunWatchers,
  run,
  thrownBy,
  trainingOf,
} from './fixtures/short-runs.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/** What is thrown within a step ends a run with its place, a checkpoint, and nothing left behind. */

let gpu: Gpu;
beforeAll(async () => {
  gpu = await softwareGpu();
});
afterAll(() => gpu[Symbol.dispose]());

/** Two texts a batch: sample 20 is the second one of step 11, in the second epoch. */
const CONFIG = { ...KINDS['lora with dropout'], max_steps: 14, heldout_fraction: 0 };

class UnreadableError extends Error {}

/** Until it is disposed, the data throw at their sample `at`. */
function unreadable(at: number): Disposable {
  let samples = 0;
  return wrapSeam('train.llama.collated', (original) => (texts: readonly unknown[]) => {
    samples += texts.length;
    if (samples >= at) throw new UnreadableError(`sample ${at} cannot be read`);
    return original(texts);
  });
}

/** What a run ends with, and where it kept its state. */
async function failure(fields: object, watchers: RunWatchers = {}) {
  const folder = new KeptInMemory();
  const thrown = await thrownBy(run(gpu, trainingOf(fields), folder, watchers));
  return { thrown, folder };
}

/** The error that `thrown` says with step and epoch, once for all that is the same of them. */
function expectPlace(thrown: unknown, step: number, epoch: string, message: string): unknown {
  expect(thrown).toBeInstanceOf(StepError);
  const { message: told, cause } = thrown as StepError;
  expect(told).toContain(`step ${step} (epoch ${epoch}): `);
  expect(told).toContain(message);
  expect((cause as Error).stack).toContain('.ts:');
  return cause;
}

test(
  'an exception of the data has its message, step and epoch, and what threw it',
  covers('tb.recovery.training-loop-exception/dataset-error').control('the step before is told', {
    file: 'src/train/llama/recovery/run-faults.ts',
    from: 'new StepError(step, epoch, thrown)',
    to: 'new StepError(step - 1, epoch, thrown)',
  }),
  async () => {
    using _fault = unreadable(20);
    const { thrown } = await failure(CONFIG);
    const cause = expectPlace(thrown, 11, '1.83', 'sample 20 cannot be read');
    expect(cause).toBeInstanceOf(UnreadableError);
  },
);

test(
  'an exception of a callback has its message, step and epoch, and what threw it',
  covers('tb.recovery.training-loop-exception/callback-error').control('it is told of no epoch', {
    file: 'src/train/llama/run-steps.ts',
    from: 'step / plan.stepsOfEpoch',
    to: '0',
  }),
  async () => {
    const refused = new TypeError('the callback does not like this');
    const judge = async (step: number) => {
      if (step === 9) throw refused;
      return 0;
    };
    const { thrown } = await failure({ ...CONFIG, judge_steps: 3 }, { judge });
    expect(expectPlace(thrown, 9, '1.50', 'the callback does not like this')).toBe(refused);
  },
);

/** Until it is disposed, from the step after the one that is told as `after` a shader is none. */
async function invalidShader(after: number, watchers: RunWatchers = {}) {
  const told: LlamaProgress[] = [];
  let fault: Disposable | undefined;
  const push = told.push.bind(told);
  told.push = (...all) => {
    if (all.some((one) => one.type === 'step' && one.step === after))
      fault = gpu.recorder.pipelines.edit('nn/silu', {
        from: 'let far = max(value, vec4f(NOTHING));',
        to: 'let far = max(value, 1u);',
      });
    return push(...all);
  };
  try {
    return await failure(CONFIG, { ...watchers, told });
  } finally {
    fault?.[Symbol.dispose]();
  }
}

test(
  'a dispatch that the device refuses has its message, step and epoch, and what found it',
  covers('tb.recovery.training-loop-exception/validation-error').control(
    'errors of validation are not heard',
    {
      file: 'src/train/llama/recovery/step-guard.ts',
      from: "['internal', 'validation', 'out-of-memory']",
      to: "['internal', 'internal', 'out-of-memory']",
    },
  ),
  async () => {
    const { thrown } = await invalidShader(4);
    const cause = expectPlace(thrown, 5, '0.83', 'nn/silu');
    expect(cause).toMatchObject({ code: 'gpu-validation' });
  },
);

test(
  'nothing is left on the device after what was thrown',
  covers('tb.recovery.training-loop-exception/buffers-baseline').control('a run frees nothing', {
    file: 'src/train/llama/run-attempt.ts',
    from: 'using owned = new Scope();',
    to: 'const owned = new Scope();',
  }),
  async () => {
    await gpu.finish();
    const before = gpu.memory.ledger;
    {
      using _fault = unreadable(20);
      await failure(CONFIG);
    }
    await invalidShader(4);
    const { liveBytes, liveBuffers } = gpu.memory.ledger;
    expect([liveBytes, liveBuffers]).toEqual([before.liveBytes, before.liveBuffers]);
  },
);

test(
  'the state of the last good step is kept, and a run goes on from it to the same bits',
  covers('tb.recovery.training-loop-exception/emergency-checkpoint').control('none is made', {
    file: 'src/train/llama/run-keeping.ts',
    from: 'if (this.#run.loop.stepsMade !== step) return [];',
    to: 'if (this.#run.loop.stepsMade === step) return [];',
  }),
  async () => {
    const whole = await run(gpu, trainingOf(CONFIG), undefined);
    const ofData = await (async () => {
      using _fault = unreadable(20);
      return await failure(CONFIG);
    })();
    for (const [{ folder }, step] of [
      [ofData, 10],
      [await invalidShader(4), 4],
    ] as const) {
      expect([...folder.files.keys()].at(-1)).toBe(checkpointName(step));
      expect((await newestIn(folder)).state.step).toBe(step);
      expect((await run(gpu, trainingOf(CONFIG), folder)).trained).toEqual(whole.trained);
    }
  },
);

test(
  'the next run on the same device is as if nothing had been',
  covers('tb.recovery.training-loop-exception/next-run-works').control('the device is given up', {
    file: 'src/train/llama/fine-tune-llama.ts',
    from: 'gpu.recorder.discard();',
    to: 'gpu.device.destroy();',
  }),
  async () => {
    const next = () => run(gpu, trainingOf(CONFIG), undefined).catch((error) => error);
    const whole = await next();
    // By what watches it, and by the device.
    await failure({ ...CONFIG, judge_steps: 3 }, { judge: () => Promise.reject(new Error('no')) });
    expect((await next()).trained).toEqual(whole.trained);
    await invalidShader(4);
    expect((await next()).trained).toEqual(whole.trained);
  },
);
