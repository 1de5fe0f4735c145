import { GradproofError } from '../../errors.ts';
import { filterOf } from '../filter.ts';
import { choose } from './choose.ts';
import { moreMutantsOf } from './more-mutants.ts';
import { type Mutant, mutantId, mutantsOf } from './mutants.ts';
import type { ShaderSources } from './sources.ts';

/** Which mutants are wanted; all of the set without a choice. */
export interface MutantChoice {
  /** Globs over ids, as the filters of a run. */
  readonly filters: readonly string[];
  /** Only mutants of these shaders (paths in shaders/ without extension). */
  readonly changed?: readonly string[];
  /** So many mutants, wherever they are; with `changed`, beside those of the changed shaders. */
  readonly sample?: number;
}

/** No mutant is left after filters and choice. */
class NoMutantError extends GradproofError {
  constructor({ filters, changed }: MutantChoice) {
    const what =
      filters.length > 0
        ? `no mutant matches ${filters.map((glob) => `"${glob}"`).join(', ')}; ids look like mutate.nn.silu:*`
        : 'there is no mutant';
    super(
      'no-such-mutant',
      changed?.length === 0
        ? 'no shader has changed since the last commit'
        : `${what} in the chosen shaders`,
    );
  }
}

/** A kernel has so many mutants of its own, even a short one. */
const LEAST = 8;

/** The set of mutants of all shaders: the same for the same sources. */
export function mutantSet(sources: ShaderSources): readonly Mutant[] {
  const kernels = new Set(sources.kernels);
  return sources.names.flatMap((file) => {
    const source = sources.textOf(file);
    const mutants = mutantsOf(file, source);
    return choose(
      kernels.has(file) && mutants.length < LEAST
        ? [...mutants, ...moreMutantsOf(file, source)]
        : mutants,
    );
  });
}

/** The mutants of the set that are wanted, in its order. Throws {@link NoMutantError}. */
export function selectMutants(sources: ShaderSources, choice: MutantChoice): readonly Mutant[] {
  const { filters, changed, sample } = choice;
  const isChosen = filterOf(filters);
  const matching = mutantSet(sources).filter((mutant) => isChosen(mutantId(mutant)));
  const isChanged = ({ file }: Mutant) => changed?.includes(file) ?? false;
  const rest = matching.filter((mutant) => !isChanged(mutant));
  const sampled = new Set(sample === undefined ? (changed ? [] : rest) : evenly(rest, sample));
  const selected = matching.filter((mutant) => isChanged(mutant) || sampled.has(mutant));
  if (selected.length === 0) throw new NoMutantError(choice);
  return selected;
}

function evenly<T>(items: readonly T[], count: number): readonly T[] {
  if (count >= items.length) return items;
  return Array.from(
    { length: count },
    (_, i) => items[Math.floor(((i + 0.5) * items.length) / count)] as T,
  );
}
