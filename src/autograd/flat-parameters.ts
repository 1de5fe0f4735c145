import { GradproofError, invariant } from '../errors.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { seam } from '../seam.ts';
import { type HostTensor, hostTensor, valuesOf } from '../tensor/host.ts';
import { type Shape, sizeOf } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { ValueHome } from '../tensor/value-home.ts';
import { Segments } from './segments.ts';

/** A view is bound at its offset, which must be a multiple of 256 bytes: 64 floats. */
const ALIGNMENT = 64;

/** A tensor among all numbers, in floats. */
export interface FlatEntry {
  readonly shape: Shape;
  readonly offset: number;
}

/** Where each parameter lies among all of them, in floats. */
export interface FlatLayout {
  readonly entries: ReadonlyMap<string, FlatEntry>;
  /** The tensors of each: itself, or several of its rows, which follow each other. */
  readonly tensors: ReadonlyMap<string, readonly FlatEntry[]>;
  readonly length: number;
  /** Lengths of the segments that follow each other; a tensor lies in one of them. */
  readonly segments: readonly number[];
}

/**
 * How many rows of a parameter lie in each of its tensors: all but the last have a multiple of 64
 * numbers.
 */
export type RowsOfTensors = (name: string, shape: Shape) => readonly number[];

const inOne: RowsOfTensors = (_, [rows = 1]) => [rows];

/**
 * Lays the shapes one after the other, each at a multiple of 64 floats, in segments of at most
 * `longest` floats; a tensor that is longer has a segment to itself.
 */
export function flatLayout(
  shapes: ReadonlyMap<string, Shape>,
  longest: number,
  rowsOf = inOne,
): FlatLayout {
  const entries = new Map<string, FlatEntry>();
  const tensors = new Map<string, readonly FlatEntry[]>();
  const segments: number[] = [];
  let [length, start] = [0, 0];
  const placed = (shape: Shape): FlatEntry => {
    const offset = length;
    const end = length + Math.ceil(sizeOf(shape) / ALIGNMENT) * ALIGNMENT;
    if (end - start > longest && length > start) {
      segments.push(length - start);
      start = length;
    }
    length = end;
    return { shape, offset };
  };
  for (const [name, shape] of shapes) {
    entries.set(name, { shape, offset: length });
    const rows = rowsOf(name, shape);
    tensors.set(
      name,
      rows.length === 1 ? [placed(shape)] : rows.map((count) => placed([count, ...shape.slice(1)])),
    );
  }
  return { entries, tensors, length, segments: [...segments, length - start] };
}

/**
 * Where each tensor lies with the gap behind it, so that together they are all; cut into parts of
 * at most `most` floats, a multiple of 64.
 */
export function partsOf(
  { tensors, length }: FlatLayout,
  most = Number.POSITIVE_INFINITY,
): readonly FlatPart[] {
  const offsets = [...tensors.values()].flat().map(({ offset }) => offset);
  return offsets.flatMap((offset, i) => {
    const size = (offsets[i + 1] ?? length) - offset;
    const count = Math.max(1, Math.ceil(size / most));
    return Array.from({ length: count }, (_, part) => {
      const before = part === 0 ? 0 : part * most;
      return { offset: offset + before, size: Math.min(most, size - before) };
    });
  });
}

/** A part of a {@link FlatLayout}, in floats. */
export interface FlatPart {
  readonly offset: number;
  readonly size: number;
}

/** How parameters are kept. */
export interface FlatParametersOptions {
  /**
   * Bytes of a segment, unless a tensor is larger. Default: what a kernel of the adapter can bind.
   */
  readonly segmentBytes?: number;
  /** Default each parameter is one tensor. */
  readonly rowsOf?: RowsOfTensors | undefined;
  /**
   * Where they lie, each by itself, but while they are held. Default they lie on the device.
   */
  readonly home?: ValueHome | undefined;
}

/** Where gradients are gathered: the place of each, from byte `offset` on. */
export interface GatherTarget {
  view(shape: Shape, place: { readonly offset: number }): Pick<Tensor, 'copyFrom'>;
}

/** Gradients of one step on their way to their places. */
export interface Gathering {
  /** Copies the gradient of a parameter, which may be freed afterwards. */
  readonly take: (parameter: Tensor, gradient: Tensor) => void;
  /** Throws GradproofError `no-grad`, which names every parameter whose gradient did not come. */
  readonly end: () => void;
}

/**
 * Every trainable parameter one behind the other in f32 buffers, as a rule in one, so that a
 * dispatch updates all that lies in it; each parameter is a view of its part, or several of its
 * rows. The gaps between them are zero and stay zero.
 */
export class FlatParameters implements Disposable {
  readonly layout: FlatLayout;
  readonly segments: Segments;
  readonly #tensors: ReadonlyMap<string, readonly Tensor[]>;
  /** Where each tensor lies. */
  readonly #places = new Map<Tensor, FlatEntry>();

  /** Uploads the initial values, in their order. */
  constructor(
    gpu: Gpu,
    initial: ReadonlyMap<string, HostTensor>,
    { segmentBytes = largestBinding(gpu), rowsOf, home }: FlatParametersOptions = {},
  ) {
    const shapes = new Map([...initial].map(([name, { shape }]) => [name, shape]));
    this.layout = flatLayout(shapes, segmentBytes / 4, rowsOf);
    const values = new Float32Array(this.layout.length);
    for (const [name, { offset }] of this.layout.entries)
      values.set(valuesOf(initial.get(name) as HostTensor), offset);
    const lengths = home ? partsOf(this.layout).map(({ size }) => size) : this.layout.segments;
    this.segments = new Segments(gpu, lengths, values, home).countAs('weights');
    this.#tensors = new Map(
      [...this.layout.tensors].map(([name, places]) => [
        name,
        places.map((place) => {
          const view = this.segments.view(place.shape, { offset: place.offset * 4 });
          this.#places.set(view, place);
          return view;
        }),
      ]),
    );
  }

  /** All of it as one tensor, where there is one segment. */
  get data(): Tensor {
    const [data, ...others] = this.segments.pieces as [Tensor, ...Tensor[]];
    invariant(others.length === 0, () => 'the parameters lie in several segments');
    return data;
  }

  get names(): readonly string[] {
    return [...this.#tensors.keys()];
  }

  /** The tensors of all parameters, in the order of their names. */
  get views(): readonly Tensor[] {
    return [...this.#places.keys()];
  }

  /** Number of trainable values, gaps not counted. */
  get count(): number {
    return this.views.reduce((sum, { size }) => sum + size, 0);
  }

  /** The parameter as a view of the buffer. Throws RangeError where it is none, or several. */
  view(name: string): Tensor {
    const [view, ...others] = this.tensors(name) as [Tensor, ...Tensor[]];
    if (others.length > 0)
      throw new RangeError(`${name} lies in ${others.length + 1} tensors: ask for its tensors`);
    return view;
  }

  /** The views that a parameter is, each of some of its rows. Throws RangeError where there is none. */
  tensors(name: string): readonly Tensor[] {
    const tensors = this.#tensors.get(name);
    if (!tensors)
      throw new RangeError(`no parameter is named ${name}: there are ${this.names.join(', ')}`);
    return tensors;
  }

  /**
   * Copies the gradients, by parameter view, into `target`, which has the same layout. Throws
   * GradproofError `no-grad`, which names every parameter without one, before anything is copied.
   */
  gather(gradients: ReadonlyMap<Tensor, Tensor>, target: GatherTarget): void {
    const each = gradientsOf(this, gradients);
    for (const [view, place] of this.#places) put(place, each.get(view) as Tensor, target);
  }

  /** As {@link FlatParameters.gather}, of gradients that come one by one. */
  gathering(target: GatherTarget): Gathering {
    const taken = new Map<Tensor, Tensor>();
    return {
      take: (parameter, gradient) => {
        taken.set(parameter, gradient);
        put(this.#places.get(parameter) as FlatEntry, gradient, target);
      },
      end: () => void gradientsOf(this, taken),
    };
  }

  /** Reads every parameter back. */
  async read(): Promise<Record<string, HostTensor>> {
    const values = (await this.segments.read()).data as Float32Array;
    const cut = [...this.layout.entries].map(([name, { shape, offset }]) => {
      return [
        name,
        hostTensor('f32', shape, values.slice(offset, offset + sizeOf(shape))),
      ] as const;
    });
    return Object.fromEntries(cut);
  }

  [Symbol.dispose](): void {
    this.segments[Symbol.dispose]();
  }
}

const largestBinding = (gpu: Gpu): number => gpu.limits['maxStorageBufferBindingSize'] as number;

function put({ offset }: FlatEntry, gradient: Tensor, target: GatherTarget): void {
  target.view(gradient.shape, { offset: offset * 4 }).copyFrom(gradient);
}

/** The gradients by parameter view; refuses where one is missing. */
const gradientsOf = seam(
  'parameters.gradients_of',
  (parameters: FlatParameters, gradients: ReadonlyMap<Tensor, Tensor>) => {
    const without = parameters.names.filter(
      (name) => !parameters.tensors(name).every((tensor) => gradients.has(tensor)),
    );
    if (without.length > 0) {
      throw new GradproofError(
        'no-grad',
        `there is no gradient of ${without.join(', ')}: run backward before the step`,
      );
    }
    return gradients;
  },
);
