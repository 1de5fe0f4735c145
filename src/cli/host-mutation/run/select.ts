import { GradproofError } from '../../../errors.ts';
import { filterOf } from '../../../harness/filter.ts';
import { type HostMutant, hostMutantId } from '../host-mutant.ts';
import { draw } from './draw.ts';

/** Which mutants are wanted; all of them without a choice. */
export interface HostChoice {
  /** Globs over ids, as the filters of a run. */
  readonly filters: readonly string[];
  /** Only mutants of these files. */
  readonly changed?: readonly string[];
  /** So many, drawn; with `changed`, so many of those files and as many of the others. */
  readonly sample?: number;
  /** Which are drawn hangs on it. */
  readonly seed: number;
}

/** No mutant is left after filters and choice. */
class NoHostMutantError extends GradproofError {
  constructor({ filters, changed }: HostChoice) {
    const what =
      filters.length > 0
        ? `no host mutant matches ${filters.map((glob) => `"${glob}"`).join(', ')}; ids look like mutate.host.src.train.learner:*`
        : 'there is no host mutant';
    super(
      'no-such-mutant',
      changed?.length === 0
        ? 'none of the TypeScript that is mutated has changed in or since the last commit'
        : `${what} in the chosen files`,
    );
  }
}

/** The wanted ones of `all`, in their order. Throws {@link NoHostMutantError}. */
export function selectHostMutants(
  all: readonly HostMutant[],
  choice: HostChoice,
): readonly HostMutant[] {
  const { filters, changed, sample, seed } = choice;
  const isWanted = filterOf(filters);
  const matching = all.filter((mutant) => isWanted(hostMutantId(mutant)));
  const isChanged = ({ file }: HostMutant) => changed?.includes(file) ?? true;
  const drawn = (mutants: readonly HostMutant[]) =>
    sample === undefined ? mutants : draw(mutants, sample, seed);
  const chosen = new Set(drawn(matching.filter(isChanged)));
  if (changed && sample !== undefined)
    for (const mutant of drawn(matching.filter((one) => !isChanged(one)))) chosen.add(mutant);
  if (chosen.size === 0) throw new NoHostMutantError(choice);
  return matching.filter((mutant) => chosen.has(mutant));
}
