import type { Group } from '../method.ts';
import { methods } from '../registry.ts';

/** A method with all that can be chosen of it. */
export interface WholeChoice {
  readonly method: string;
  readonly bits: number;
  readonly groupSize: Group;
  /** Absent of methods that have one axis alone. */
  readonly axis?: 0 | 1;
}

/**
 * The schemes of the methods that `isWanted` names: what is usual of each, or with `each` all bits,
 * groups and axes that it has, the usual first.
 */
export function schemesOf(
  isWanted: (method: string) => boolean,
  each: boolean,
): readonly WholeChoice[] {
  return [...methods.values()]
    .filter(({ name }) => isWanted(name))
    .flatMap(({ name, bits, groups, axes }) => {
      const all = bits.flatMap((width) =>
        groups.flatMap((groupSize) =>
          (axes ?? [undefined]).map((axis) => ({
            ...{ method: name, bits: width, groupSize },
            ...(axis === undefined ? {} : { axis }),
          })),
        ),
      );
      return each ? all : all.slice(0, 1);
    });
}
