import { nextTask } from '../../harness/next-task.ts';
import type { Case } from '../../testing/suite.ts';

/** The parts of the harness that the page uses. */
export type Harness = Awaited<ReturnType<typeof load>>;

let loading: Promise<Harness> | undefined;

/**
 * Loads the harness, all suites and kernels when they are first needed, so that the first screen is
 * light.
 */
export function harness(): Promise<Harness> {
  loading ??= load().catch((error: unknown) => {
    loading = undefined; // the network may be back
    throw error;
  });
  return loading;
}

async function load() {
  // Kernels, what is true of them, and what runs them: each is evaluated in a task of its own.
  const { launchers } = await import('../../ops/registry.ts');
  await nextTask();
  const { records } = await import('../../reference/registry.ts');
  await nextTask();
  const [
    { loadCases },
    { run },
    { startWebWorker },
    { planEntry },
    { planHash, planText },
    { train },
    { tune },
    { applyExpectations },
    { mergeRerun },
    { measureSchemes },
    saving,
    { isOfGguf },
    { executeMatrix },
  ] = await Promise.all([
    import('../../harness/registry.ts'),
    import('../../harness/runner.ts'),
    import('../../harness/worker/web-link.ts'),
    import('../../harness/plan.ts'),
    import('../../report/plan.ts'),
    import('../../harness/training.ts'),
    import('../../harness/tuning.ts'),
    import('../../harness/expectations.ts'),
    import('../../harness/rerun.ts'),
    import('../../harness/choosing.ts'),
    import('../../harness/choosing/saved-weights.ts'),
    import('../../quantizer/choosing/quantized-gguf.ts'),
    import('../../harness/matrix.ts'),
  ]);
  const cases: ReadonlyMap<string, Case> = await loadCases();
  return {
    cases,
    run,
    train,
    tune,
    applyExpectations,
    mergeRerun,
    measureSchemes,
    saving,
    isOfGguf,
    executeMatrix,
    launchers,
    records,
    startWorker: startWebWorker,
    planEntry,
    planHash,
    planText: planText(cases.values()),
  };
}
