import { collect } from '../collect.ts';
import { launchers } from '../ops/registry.ts';
import { derivedWork } from './derived.ts';
import type { Work } from './work.ts';

/** Those of the files in works/, which each export `works`. */
const written: ReadonlyMap<string, Work> = collect(
  'works',
  import.meta.glob<{ readonly works: readonly Work[] }>(['./works/*.ts', '!./works/*.test.ts'], {
    eager: true,
  }),
  (module) => module.works.map((work) => [work.id, work] as const),
);

const timed = new Set([...written.values()].flatMap((work) => (work.kind === 'op' ? work.op : [])));

/**
 * Every work by its id: those that are written, and one for each op that none is written for.
 * Nothing has to be listed here.
 */
export const works: ReadonlyMap<string, Work> = new Map([
  ...written,
  ...[...launchers.values()]
    .filter(({ name }) => !timed.has(name))
    .map((launcher) => {
      const work = derivedWork(launcher);
      return [work.id, work] as const;
    }),
]);
