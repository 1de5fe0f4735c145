import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Block, planArena } from './arena.ts';

const block = (
  bytes: number,
  first: number,
  last: number,
  apart: readonly number[] = [],
): Block => ({
  bytes,
  first,
  last,
  apart: new Set(apart),
});

/** A step of random commands, each reading some earlier blocks and writing one. */
const steps = fc
  .array(
    fc.record({
      bytes: fc.integer({ min: 4, max: 4000 }),
      reads: fc.array(fc.nat(50), { maxLength: 3 }),
    }),
    { maxLength: 25 },
  )
  .map((commands) => {
    const blocks = commands.map(({ bytes }, i) => ({
      bytes,
      first: i,
      last: i,
      apart: new Set<number>(),
    }));
    for (const [i, { reads }] of commands.entries()) {
      for (const read of reads.filter((at) => at < i)) {
        const source = blocks[read] as (typeof blocks)[number];
        source.last = Math.max(source.last, i);
        source.apart.add(i);
        blocks[i]?.apart.add(read);
      }
    }
    return blocks;
  });

describe('planArena', () => {
  test('overlaps blocks that are never in use together', () => {
    expect(planArena([block(1024, 0, 1), block(1024, 2, 3)])).toMatchObject({
      slabs: [1024],
      bytes: 1024,
      leastBytes: 1024,
    });
  });

  test('overlaps blocks whatever comes first, the large one or the small', () => {
    const bytes = (first: number) => planArena([block(256, 0, 3), block(512, first, 5)]).bytes;
    expect([bytes(3), bytes(4)]).toEqual([768, 512]);
  });

  test('looks for a gap between blocks by where they lie, not by when they were placed', () => {
    const { places, bytes } = planArena([
      block(1024, 0, 1),
      block(512, 1, 3), // behind the first
      block(256, 2, 3), // in its place
      block(256, 3, 3), // between the two
    ]);
    expect(places.map(({ offset }) => offset)).toEqual([0, 1024, 0, 256]);
    expect(bytes).toBe(1536);
  });

  test('keeps blocks of one dispatch in different buffers', () => {
    const { places } = planArena([
      block(256, 0, 1, [1]),
      block(256, 1, 2, [0, 2]),
      block(256, 2, 3, [1]),
    ]);
    expect(places.map(({ slab }) => slab)).toEqual([0, 1, 0]);
  });

  test('fills a gap before it grows', () => {
    const { bytes } = planArena([
      block(512, 0, 9),
      block(1024, 0, 3),
      block(512, 5, 9),
      block(512, 5, 9),
    ]);
    expect(bytes).toBe(1536);
  });

  test('starts another buffer where one would be too large', () => {
    expect(planArena([block(1024, 0, 1), block(1024, 0, 1)], 1024).slabs).toEqual([1024, 1024]);
  });

  test('fills a buffer up to what it may have', () => {
    expect(planArena([block(512, 0, 1), block(512, 0, 1)], 1024).slabs).toEqual([1024]);
    expect(planArena([block(300, 0, 1), block(300, 0, 1)], 1024).slabs).toEqual([1024]);
    expect(planArena([block(300, 0, 1), block(300, 0, 1)], 1023).slabs).toEqual([512, 512]);
  });

  test('makes a buffer larger than one may be for a block that is', () => {
    const { slabs, bytes } = planArena([block(2048, 0, 1), block(1024, 0, 1)], 1024);
    expect([slabs, bytes]).toEqual([[2048, 1024], 3072]);
  });

  test('stacks what is in use together, in its order', () => {
    const { places, slabs } = planArena([0, 1, 2, 3].map(() => block(768, 0, 1)));
    expect(places.map(({ offset }) => offset)).toEqual([0, 768, 1536, 2304]);
    expect(slabs).toEqual([3072]);
  });

  test('prefers the buffer that grows least, and of several the first', () => {
    const long = block(1024, 0, 9);
    const short = block(512, 0, 3, [0]);
    const { places } = planArena([long, short, block(512, 5, 9)]);
    expect(places.map(({ slab }) => slab)).toEqual([0, 1, 1]);
    const { places: tied } = planArena([long, block(512, 0, 9, [0]), block(512, 5, 9)]);
    expect(tied.map(({ slab }) => slab)).toEqual([0, 1, 0]);
  });

  test('knows the most that is in use at once', () => {
    const steps = [block(200, 0, 1), block(512, 1, 2), block(512, 2, 3), block(256, 4, 4)];
    expect(planArena(steps).leastBytes).toBe(1024);
    expect(planArena([block(200, 0, 1), block(512, 1, 2), block(256, 3, 9)]).leastBytes).toBe(768);
  });

  test('is empty without blocks', () => {
    expect(planArena([])).toEqual({ slabs: [], places: [], bytes: 0, leastBytes: 0 });
  });

  test('never lets two blocks share bytes while both are in use, nor a buffer while they are apart', () => {
    fc.assert(
      fc.property(steps, (blocks) => {
        const { slabs, places, bytes, leastBytes } = planArena(blocks);
        expect(bytes).toBeGreaterThanOrEqual(leastBytes);
        for (const [i, a] of blocks.entries()) {
          const at = places[i] as (typeof places)[number];
          expect(at.offset % 256).toBe(0);
          expect(at.offset + a.bytes).toBeLessThanOrEqual(slabs[at.slab] ?? 0);
          for (const [j, b] of blocks.entries()) {
            const other = places[j] as (typeof places)[number];
            if (i === j || at.slab !== other.slab) continue;
            expect(a.apart.has(j)).toBe(false);
            const together = a.first <= b.last && b.first <= a.last;
            const overlaid =
              at.offset < other.offset + b.bytes && other.offset < at.offset + a.bytes;
            expect(together && overlaid).toBe(false);
          }
        }
      }),
    );
  });
});
