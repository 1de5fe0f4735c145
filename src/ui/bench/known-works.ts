import { nextTask } from '../../harness/next-task.ts';

/** What is known of the works of this build. */
export type KnownWorks = Awaited<ReturnType<typeof load>>;

let loading: Promise<KnownWorks> | undefined;

/** Loads all works, which need every op, when they are first needed. */
export function knownWorks(): Promise<KnownWorks> {
  loading ??= load().catch((error: unknown) => {
    loading = undefined; // the network may be back
    throw error;
  });
  return loading;
}

async function load() {
  // Kernels, what is true of them, and the works: each is evaluated in a task of its own.
  await import('../../ops/registry.ts');
  await nextTask();
  await import('../../reference/registry.ts');
  await nextTask();
  const [{ works }, { benchRows, groupMeans }] = await Promise.all([
    import('../../bench/works.ts'),
    import('../../bench/summary.ts'),
  ]);
  return { works: [...works.values()], benchRows, groupMeans };
}
