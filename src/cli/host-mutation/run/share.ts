/** Works through `items`, every lane at one of them, until all are done or the signal aborts. */
export async function share<T, L>(
  items: readonly T[],
  lanes: readonly L[],
  signal: AbortSignal,
  work: (item: T, lane: L) => Promise<void>,
): Promise<void> {
  const queue = [...items];
  await Promise.all(
    lanes.map(async (lane) => {
      for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
        if (signal.aborted) return;
        await work(item, lane);
      }
    }),
  );
}

/** Items in parts of at most `size`. */
export function partsOf<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(size * i, size * (i + 1)),
  );
}
