/**
 * What modules with host mutants share in a process. It is changed, never replaced: modules keep
 * hold of it.
 */
export interface MutantSwitch {
  /** The mutant that is in force; -1 for none. */
  active: number;
  /**
   * Receives a 1 for every mutant whose place is reached, by its index; while none is in force, of a
   * choice between two values only where they differ.
   */
  reached: Uint8Array | undefined;
}

/** The switch of this process. */
export function mutantSwitch(): MutantSwitch {
  const shared = globalThis as { __gradproofMutant?: MutantSwitch };
  shared.__gradproofMutant ??= { active: -1, reached: undefined };
  return shared.__gradproofMutant;
}

/** The mutants whose places were reached since this was last asked. */
export function takeReached({ reached }: MutantSwitch): readonly number[] {
  const found: number[] = [];
  reached?.forEach((seen, index) => {
    if (seen !== 0) found.push(index);
  });
  reached?.fill(0);
  return found;
}
