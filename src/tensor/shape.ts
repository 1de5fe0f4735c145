/** Sizes of the dimensions, outermost first; tensors are row-major and dense. A scalar is `[1]`. */
export type Shape = readonly number[];

/** Number of elements. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, n) => product * n, 1);
}

/** All dimensions but the last as one, and the last: how a matrix product sees `[..., width]`. */
export function matrixOf(shape: Shape): readonly [rows: number, width: number] {
  return [sizeOf(shape.slice(0, -1)), shape.at(-1) ?? 1];
}

/** A weight [out, ...] as a matrix of as many rows, [out, the rest]. */
export function matrixView(shape: Shape): readonly [rows: number, width: number] {
  return [shape[0] ?? 1, sizeOf(shape.slice(1))];
}

/** `37x53`, as shapes stand in case ids. */
export function formatShape(shape: Shape): string {
  return shape.join('x');
}

/** Whether two shapes agree in every dimension. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((n, i) => n === b[i]);
}

/** Row-major coordinates of the flat element `index`. */
export function coordinatesOf(index: number, shape: Shape): number[] {
  const at: number[] = [];
  let rest = index;
  for (let d = shape.length - 1; d >= 0; d--) {
    const n = shape[d] as number;
    at.unshift(rest % n);
    rest = Math.floor(rest / n);
  }
  return at;
}

/** The shape of a tensor whose rows lie in tensors of these shapes, one after another. */
export function stacked(shapes: readonly Shape[]): Shape {
  const [first = [], ...others] = shapes;
  if (others.length === 0) return first;
  return [shapes.reduce((rows, [count = 0]) => rows + count, 0), ...first.slice(1)];
}
