import type { Group, GroupAxis, MetaChoice } from '../method.ts';
import { methods } from '../registry.ts';

/** A method with all that can be chosen of it. */
export interface WholeChoice extends MetaChoice {
  readonly method: string;
  readonly bits: number;
  readonly groupSize: Group;
  /** Absent of methods that have one axis alone. */
  readonly axis?: GroupAxis;
}

/**
 * The schemes of the methods that `isWanted` names: what is usual of each, or with `each` all bits,
 * groups, axes and ways to keep zeros and scales that it has, the usual first.
 */
export function schemesOf(
  isWanted: (method: string) => boolean,
  each: boolean,
): readonly WholeChoice[] {
  return [...methods.values()]
    .filter(({ name }) => isWanted(name))
    .flatMap(({ name, bits, groups, axes, metas = [{}] }) => {
      const all = bits.flatMap((width) =>
        groups.flatMap((groupSize) =>
          (axes ?? [undefined]).flatMap((axis) =>
            metas.map((meta) => ({
              ...{ method: name, bits: width, groupSize },
              ...(axis === undefined ? {} : { axis }),
              ...meta,
            })),
          ),
        ),
      );
      return each ? all : all.slice(0, 1);
    });
}
