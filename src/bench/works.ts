import { collect } from '../collect.ts';
import type { Work } from './work.ts';

/** Every work by its id: each file in works/ exports `works`, and nothing has to be listed here. */
export const works: ReadonlyMap<string, Work> = collect(
  'works',
  import.meta.glob<{ readonly works: readonly Work[] }>(['./works/*.ts', '!./works/*.test.ts'], {
    eager: true,
  }),
  (module) => module.works.map((work) => [work.id, work] as const),
);
