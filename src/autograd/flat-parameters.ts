import { GradproofError } from '../errors.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { seam } from '../seam.ts';
import { type HostTensor, hostTensor, valuesOf } from '../tensor/host.ts';
import { type Shape, sizeOf } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';

/** A view is bound at its offset, which must be a multiple of 256 bytes: 64 floats. */
const ALIGNMENT = 64;

/** Where each parameter lies in the flat buffer, in floats. */
export interface FlatLayout {
  readonly entries: ReadonlyMap<string, { readonly shape: Shape; readonly offset: number }>;
  readonly length: number;
}

/** Lays the shapes one after the other, each at a multiple of 64 floats. */
export function flatLayout(shapes: ReadonlyMap<string, Shape>): FlatLayout {
  const entries = new Map<string, { shape: Shape; offset: number }>();
  let length = 0;
  for (const [name, shape] of shapes) {
    entries.set(name, { shape, offset: length });
    length += Math.ceil(sizeOf(shape) / ALIGNMENT) * ALIGNMENT;
  }
  return { entries, length };
}

/**
 * Every trainable parameter in one f32 buffer, so that one dispatch updates them all; each
 * parameter is a view of its part. The gaps between them are zero and stay zero.
 */
export class FlatParameters implements Disposable {
  readonly layout: FlatLayout;
  readonly data: Tensor;
  readonly #views: ReadonlyMap<string, Tensor>;

  /** Uploads the initial values, in their order. */
  constructor(gpu: Gpu, initial: ReadonlyMap<string, HostTensor>) {
    this.layout = flatLayout(new Map([...initial].map(([name, { shape }]) => [name, shape])));
    const values = new Float32Array(this.layout.length);
    for (const [name, { offset }] of this.layout.entries)
      values.set(valuesOf(initial.get(name) as HostTensor), offset);
    const data = Tensor.from(gpu, hostTensor('f32', [values.length], values));
    this.data = data;
    this.#views = new Map(
      [...this.layout.entries].map(([name, { shape, offset }]) => [
        name,
        data.view(shape, { offset: offset * 4 }),
      ]),
    );
  }

  get names(): readonly string[] {
    return [...this.#views.keys()];
  }

  /** Number of trainable values, gaps not counted. */
  get count(): number {
    return [...this.#views.values()].reduce((sum, { size }) => sum + size, 0);
  }

  /** The parameter as a view of the buffer. */
  view(name: string): Tensor {
    const view = this.#views.get(name);
    if (!view)
      throw new RangeError(`no parameter is named ${name}: there are ${this.names.join(', ')}`);
    return view;
  }

  /**
   * Copies the gradients, by parameter view, into `target`, a buffer of the same layout. Throws
   * GradproofError `no-grad`, which names every parameter without one, before anything is copied.
   */
  gather(gradients: ReadonlyMap<Tensor, Tensor>, target: Tensor): void {
    const each = gradientsOf(this, gradients);
    for (const [name, { offset }] of this.layout.entries) {
      const gradient = each.get(this.view(name)) as Tensor;
      target.view(gradient.shape, { offset: offset * 4 }).copyFrom(gradient);
    }
  }

  /** Reads every parameter back. */
  async read(): Promise<Record<string, HostTensor>> {
    const values = (await this.data.read()).data as Float32Array;
    const cut = [...this.layout.entries].map(([name, { shape, offset }]) => {
      return [
        name,
        hostTensor('f32', shape, values.slice(offset, offset + sizeOf(shape))),
      ] as const;
    });
    return Object.fromEntries(cut);
  }

  [Symbol.dispose](): void {
    this.data[Symbol.dispose]();
  }
}

/** The gradients by parameter view; refuses where one is missing. */
const gradientsOf = seam(
  'parameters.gradients_of',
  (parameters: FlatParameters, gradients: ReadonlyMap<Tensor, Tensor>) => {
    const without = parameters.names.filter((name) => !gradients.has(parameters.view(name)));
    if (without.length > 0) {
      throw new GradproofError(
        'no-grad',
        `there is no gradient of ${without.join(', ')}: run backward before the step`,
      );
    }
    return gradients;
  },
);
