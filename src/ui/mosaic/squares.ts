import { keyOf } from '../../report/case-key.ts';
import type { LinkedCase } from '../../report/link/decode.ts';
import { type Square, squareOf, stateOfStatus } from '../../report/mosaic.ts';
import type { RunState } from '../run/run-state.ts';

/** A square for each check that was chosen for a run, as it stands now. */
export function squaresOfRun({ selected, results, running }: RunState): readonly Square[] {
  return selected.map((entry) => {
    const key = keyOf(entry);
    const result = results.get(key);
    if (running.has(key)) return { key, suite: entry.suite, state: 'running' };
    return result ? squareOf(result) : { key, suite: entry.suite, state: 'waiting' };
  });
}

/** A square for each check that a link tells of; its key is its place in the plan. */
export function squaresOfLink(cases: readonly LinkedCase[]): readonly Square[] {
  return cases.flatMap(({ position, id, status }) =>
    status === 'not-run'
      ? []
      : [{ key: String(position), suite: id?.split(':')[0], state: stateOfStatus(status) }],
  );
}
