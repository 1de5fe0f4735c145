import type { SpawnSyncReturns } from 'node:child_process';

export function whyUseless(
  workers: number,
  ended: Pick<SpawnSyncReturns<string>, 'status' | 'signal' | 'stderr'>,
): string | undefined;
