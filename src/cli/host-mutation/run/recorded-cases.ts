import { replayCases } from '../../../harness/parity.ts';
import { keyOf } from '../../../report/case-key.ts';
import type { Case } from '../../../testing/suite.ts';
import { readBundles } from '../../bundles.ts';

/**
 * `cases`, and those that replay the recordings in `folder`, by `id backend`: what launchers and
 * readers of bundles do is held there against other libraries. Throws UsageError.
 */
export async function withRecordings(
  cases: ReadonlyMap<string, Case>,
  folder: string,
): Promise<ReadonlyMap<string, Case>> {
  const replays = replayCases(await readBundles([folder]));
  return new Map([
    ...cases,
    ...replays.map(({ declared }) => [keyOf(declared), declared] as const),
  ]);
}
