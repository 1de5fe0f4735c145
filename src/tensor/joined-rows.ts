import { type HostTensor, hostTensor } from './host.ts';
import { type Shape, sizeOf } from './shape.ts';
import type { Tensor } from './tensor.ts';

/** Tensors whose rows follow each other, read and written as one. It owns none of them. */
export class JoinedRows {
  readonly #parts: readonly Tensor[];

  /** One or more, of one element type, whose shapes differ in their rows alone. */
  constructor(parts: readonly Tensor[]) {
    this.#parts = parts;
  }

  /** The shape of all rows. */
  get shape(): Shape {
    const [first, ...others] = this.#parts as [Tensor, ...Tensor[]];
    const { shape } = first;
    if (others.length === 0) return shape;
    const rows = this.#parts.reduce((sum, part) => sum + (part.shape[0] as number), 0);
    return [rows, ...shape.slice(1)];
  }

  /** Waits for the queue and copies one part after the other to the host. */
  async read(): Promise<HostTensor> {
    const [first, ...others] = this.#parts as [Tensor, ...Tensor[]];
    const { dtype, data: start } = await first.read();
    if (others.length === 0) return hostTensor(dtype, first.shape, start);
    const data = new (start.constructor as new (length: number) => typeof start)(
      sizeOf(this.shape),
    );
    data.set(start);
    let end = start.length;
    for (const part of others) {
      data.set((await part.read()).data, end);
      end += part.size;
    }
    return hostTensor(dtype, this.shape, data);
  }

  /** Overwrites all rows from the host; each part has memory of its own. */
  write(host: HostTensor): void {
    const shapes = this.#parts.map(({ shape }) => shape);
    for (const [i, rows] of cutRows(host, shapes).entries()) (this.#parts[i] as Tensor).write(rows);
  }
}

/** The rows of a tensor in tensors of these shapes, which share its memory. */
export function cutRows({ dtype, data }: HostTensor, shapes: readonly Shape[]): HostTensor[] {
  let end = 0;
  return shapes.map((shape) => {
    const start = end;
    end += sizeOf(shape);
    return hostTensor(dtype, shape, data.subarray(start, end));
  });
}
