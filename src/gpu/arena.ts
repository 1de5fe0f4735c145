import { seam } from '../seam.ts';

/** One block of memory of a step. */
export interface Block {
  readonly bytes: number;
  /** Positions of the first and last command that touch it. */
  readonly first: number;
  readonly last: number;
  /** Indices of blocks that must lie in another buffer. */
  readonly apart: ReadonlySet<number>;
}

/** Where every block lies. */
export interface ArenaPlan {
  /** Bytes of each buffer. */
  readonly slabs: readonly number[];
  readonly places: readonly { readonly slab: number; readonly offset: number }[];
  /** Sum of the slabs. */
  readonly bytes: number;
  /** The largest number of bytes that are in use at once: no plan needs fewer. */
  readonly leastBytes: number;
}

/** A binding's offset must be a multiple of it. */
const ALIGNMENT = 256;

/**
 * Lays blocks that are never in use together over each other, the largest first, each where it
 * makes the arena grow least. WebGPU forbids a dispatch to read one part of a buffer and write
 * another, so the arena is a few buffers, and blocks that are `apart` lie in different ones. No
 * buffer gets larger than `largest` unless one block is.
 */
export const planArena = seam(
  'gpu.plan_arena',
  (blocks: readonly Block[], largest = Number.POSITIVE_INFINITY): ArenaPlan => {
    const slabs: number[] = [];
    const places: { slab: number; offset: number }[] = [];
    const order = blocks.map((_, i) => i).sort((a, b) => sizeAt(blocks, b) - sizeAt(blocks, a));
    const placed: number[] = [];
    for (const i of order) {
      const block = blocks[i] as Block;
      const size = sizeAt(blocks, i);
      const candidates = [...slabs, 0].flatMap((bytes, slab) => {
        const inSlab = placed.filter((other) => places[other]?.slab === slab);
        if (inSlab.some((other) => block.apart.has(other))) return [];
        const offset = firstGap(
          inSlab
            .filter((other) => overlap(block, blocks[other] as Block))
            .map((other) => spanOf(blocks, places, other)),
          size,
        );
        const fits = offset + size <= largest || inSlab.length === 0;
        return fits ? [{ slab, offset, growth: Math.max(0, offset + size - bytes) }] : [];
      });
      const best = candidates.reduce((a, b) => (b.growth < a.growth ? b : a));
      places[i] = { slab: best.slab, offset: best.offset };
      slabs[best.slab] = (slabs[best.slab] ?? 0) + best.growth;
      placed.push(i);
    }
    return {
      slabs,
      places,
      bytes: slabs.reduce((sum, bytes) => sum + bytes, 0),
      leastBytes: leastBytes(blocks),
    };
  },
);

function sizeAt(blocks: readonly Block[], i: number): number {
  return Math.ceil((blocks[i] as Block).bytes / ALIGNMENT) * ALIGNMENT;
}

function overlap(a: Block, b: Block): boolean {
  return a.first <= b.last && b.first <= a.last;
}

function spanOf(
  blocks: readonly Block[],
  places: readonly { offset: number }[],
  i: number,
): readonly [number, number] {
  const { offset } = places[i] as { offset: number };
  return [offset, offset + sizeAt(blocks, i)];
}

/** The lowest offset at which `size` bytes touch none of the spans. */
function firstGap(spans: readonly (readonly [number, number])[], size: number): number {
  let at = 0;
  for (const [start, end] of spans.toSorted(([a], [b]) => a - b)) {
    if (at + size <= start) break;
    at = Math.max(at, end);
  }
  return at;
}

function leastBytes(blocks: readonly Block[]): number {
  const inUse = (at: number) =>
    blocks.reduce(
      (sum, { first, last }, i) => (first <= at && at <= last ? sum + sizeAt(blocks, i) : sum),
      0,
    );
  return blocks.reduce((most, { first }) => Math.max(most, inUse(first)), 0);
}
