import type { TuningSources } from '../../harness/tuning/read-request.ts';

/** What reports, ids and adapters call the model of the project. */
const SMALL_MODEL = 'gradproof-small';

/** What the model of a folder of this name is called, or without one the project's own. */
export function namesOf(folder: string | undefined): Pick<TuningSources, 'name' | 'base'> {
  const base = folder ?? SMALL_MODEL;
  return { base, name: base.replace(/[^A-Za-z0-9._-]+/g, '-') || 'model' };
}

/** What reads models, tokenizers and texts; kernels first, in a task of their own. */
export async function requestReader() {
  const { nextTask } = await import('../../harness/next-task.ts');
  await import('../../ops/registry.ts');
  await nextTask();
  const [
    { inspectRequest },
    { openWebFolder },
    { forecastLlama, requireRoom },
    { checkForm },
    { shardingFaults },
  ] = await Promise.all([
    import('../../harness/tuning/read-request.ts'),
    import('../../harness/worker/web-folder.ts'),
    import('../../train/llama/forecast-llama.ts'),
    import('../../train/llama/saved-model/check-form.ts'),
    import('../../train/llama/sharding-faults.ts'),
  ]);
  return { inspectRequest, openWebFolder, forecastLlama, requireRoom, checkForm, shardingFaults };
}
