import type { ActivationType } from '../../vocabulary/quant/quanto_activation.ts';
import type { Group, GroupAxis, MetaChoice } from '../method.ts';
import { methods } from '../registry.ts';

/** A method with all that can be chosen of it. */
export interface WholeChoice extends MetaChoice {
  readonly method: string;
  readonly bits: number;
  readonly groupSize: Group;
  /** Absent of methods that have one axis alone. */
  readonly axis?: GroupAxis;
  /** Absent where x stays in floats. */
  readonly activations?: ActivationType;
}

/**
 * The schemes of the methods that `isWanted` names: what is usual of each, or with `each` all bits,
 * groups, axes, types of activations and ways to keep zeros and scales that it has, the usual first.
 */
export function schemesOf(
  isWanted: (method: string) => boolean,
  each: boolean,
): readonly WholeChoice[] {
  return [...methods.values()]
    .filter(({ name }) => isWanted(name))
    .flatMap(({ name, bits, groups, axes, activations = [], metas = [{}] }) => {
      const all = bits.flatMap((width) =>
        groups.flatMap((groupSize) =>
          (axes ?? [undefined]).flatMap((axis, at) =>
            [undefined, ...(at === 0 ? activations : [])].flatMap((qtype) =>
              metas.map((meta) => ({
                ...{ method: name, bits: width, groupSize },
                ...(axis === undefined ? {} : { axis }),
                ...(qtype && { activations: qtype }),
                ...meta,
              })),
            ),
          ),
        ),
      );
      return each ? all : all.slice(0, 1);
    });
}
