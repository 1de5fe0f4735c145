import type { Tape } from '../autograd/tape.ts';
import type { StoredTensor } from '../formats/safetensors/stored.ts';
import type { ValueType } from '../graph/graph.ts';
import type { DType } from '../tensor/dtype.ts';
import type { HostTensors } from '../tensor/host.ts';
import type { Shape } from '../tensor/shape.ts';
import type { Tensor, Tensors } from '../tensor/tensor.ts';
import type { ActivationType } from '../vocabulary/quant/quanto_activation.ts';
import type { DeviceWeight } from './coding.ts';

/** Elements that share a scale: so many, those of an output channel, or all. */
export type Group = number | 'channel' | 'tensor';

/** An axis along which groups differ: the first, the second, or as Quanto counts the last. */
export type GroupAxis = 0 | 1 | -1;

/** Which of the scales and zeros of a weight are codes of 8 bits in turn. */
export interface MetaChoice {
  readonly quantZero?: boolean;
  readonly quantScale?: boolean;
}

/** A width of codes and a size of groups that a method has. */
export interface Choice extends MetaChoice {
  readonly bits: number;
  readonly group: Group;
  /** The axis along which groups differ; of methods that have one axis alone it is absent. */
  readonly axis?: GroupAxis;
  /** What products round x to; absent where they take it as it is. */
  readonly activations?: ActivationType;
  /** Whether layers round what they give to that type too, behind their bias. */
  readonly outputs?: true;
  /** From which size of an element on its column of x is multiplied in floats; absent where usual. */
  readonly threshold?: number;
}

/** A way to quantize weights, as a library defines it. */
export interface Method {
  readonly name: string;
  /** Whose arithmetic and storage it is. */
  readonly library: string;
  /** Bits of a code; the first is usual. */
  readonly bits: readonly number[];
  /** Sizes of groups; the first is usual. */
  readonly groups: readonly Group[];
  /**
   * The size that the library takes for a weight of this shape, along its usual axis, where none is
   * chosen; absent where that is the first of {@link groups}, whatever the shape.
   */
  readonly usualGroup?: (shape: Shape) => Group;
  /** Axes along which groups may differ, where there is a choice; the first is usual. */
  readonly axes?: readonly GroupAxis[];
  /** What to keep of zeros and scales, where there is a choice; the first is usual. */
  readonly metas?: readonly MetaChoice[];
  /** Types of codes that products may round x to; of weights along the usual axis alone. */
  readonly activations?: readonly ActivationType[];
  /** Whether columns of x with large elements are multiplied in floats, from a threshold on. */
  readonly hasThreshold?: true;
  readonly make: (choice: Choice) => Scheme;
}

/** A method with its choice made: what is done to a weight [out, ...]. */
export interface Scheme {
  /** Ops that quantize, decode and multiply. */
  readonly ops: readonly string[];
  /** How a linear multiplies, for people. */
  readonly product: string;
  /** Why a weight of this shape cannot be so quantized; absent where any can. */
  readonly refuses?: (shape: Shape) => string | undefined;
  /**
   * Whether the parts of such a weight are those of its rows, one after another, so that some rows
   * can be quantized without the others; absent where they never are.
   */
  readonly rowsApart?: (shape: Shape) => boolean;
  /** What is kept of a weight of this type, exactly; default f32. */
  readonly parts: (shape: Shape, dtype?: DType) => Readonly<Record<string, ValueType>>;
  /** The name of each part in the library's state dict, behind that of the layer. */
  readonly stored: Readonly<Record<string, string>>;
  /**
   * What the library's own files have of a weight, by names behind that of the layer; absent where
   * it is each part by the name that {@link stored} gives it, in the type that it has here.
   */
  readonly filed?: (parts: HostTensors, shape: Shape) => ReadonlyMap<string, StoredTensor>;
  /** The parts of a weight; the tape owns them. */
  readonly quantize: (tape: Tape, weight: Tensor, layer: string) => Tensors;
  /** The weight that parts stand for. */
  readonly weight: (parts: Tensors, shape: Shape) => DeviceWeight;
}

/** Elements of a row of a weight [out, ...]. */
export const widthOf = ([, ...rest]: Shape): number => rest.reduce((product, n) => product * n, 1);

/** Whether no block of the flat weight holds elements of two rows. */
export const blocksApart =
  (block: number) =>
  (shape: Shape): boolean =>
    widthOf(shape) % block === 0;

/** Refuses weights whose rows groups do not fill. */
export function wholeRows(group: number): NonNullable<Scheme['refuses']> {
  return (shape) => {
    const width = widthOf(shape);
    return width % group === 0 ? undefined : `rows of ${width} elements are no groups of ${group}`;
  };
}
