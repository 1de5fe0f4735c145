import type { Shape } from '../../tensor/shape.ts';
import type { ActivationType } from '../../vocabulary/quant/quanto_activation.ts';
import type { Group, GroupAxis, MetaChoice } from '../method.ts';
import { methods, type SchemeOptions, schemeOf } from '../registry.ts';

/** A method with all that can be chosen of it. */
export interface WholeChoice extends MetaChoice {
  readonly method: string;
  readonly bits: number;
  /** `usual` where the library takes one for each weight by itself. */
  readonly groupSize: Group | 'usual';
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
      return each ? all : [wholeChoice({ method: name })];
    });
}

/** The group of a scheme that a weight of this shape gets. */
export function groupOf(scheme: WholeChoice, shape: Shape): Group {
  const { groupSize } = scheme;
  return groupSize === 'usual' ? schemeOf(scheme, shape).choice.group : groupSize;
}

/**
 * All that is chosen of a method, what is absent as is usual of it. Throws QuantizerError
 * `quant-method` for a choice that it lacks.
 */
export function wholeChoice(options: SchemeOptions): WholeChoice {
  const { method, choice } = schemeOf(options);
  const { group, ...others } = choice;
  const isOpen =
    options.groupSize === undefined && method.usualGroup && choice.axis === method.axes?.[0];
  return { method: method.name, groupSize: isOpen ? 'usual' : group, ...others };
}
