import { expect, test } from 'vitest';
import { covers } from '../../catalog/covers.ts';
import { tensorShapes } from '../../formats/hugging-face/architecture.ts';
import { TINY } from '../../formats/hugging-face/fixtures/tiny-folder.ts';
import { blockExpansion, expandedModel, expandedNames, isOfCopy } from './block-expansion.ts';
import { ExpansionError } from './expansion-error.ts';

/** Which block of the model each block of the expanded one is, a copy with a star. */
function blocksOf(layers: number, rate: number): string {
  const expansion = blockExpansion(layers, rate);
  const blocks: string[] = [];
  for (let i = 0; i < layers; i++) {
    const { name, copy } = expandedNames(`model.layers.${i}.mlp.up_proj.weight`, expansion);
    for (const [place, mark] of [
      [name, ''],
      [copy, '*'],
    ] as const)
      if (place) blocks[Number(place.split('.')[2])] = `${i}${mark}`;
  }
  expect(blocks).toHaveLength(expandedModel({ ...TINY, layers }, expansion).layers);
  const copies = blocks.flatMap((block, i) => (block.endsWith('*') ? [i] : []));
  expect(copies).toEqual(expansion.added);
  return blocks.join(' ');
}

test(
  'copies are every so many blocks, and all blocks of the model are there in their order',
  covers(
    'fsdp.training.type-bnb-llama-pro/block-positions',
    'fsdp.training.type-hqq-llama-pro/block-positions',
  ).control('a copy stands before the block after the next', {
    file: 'src/models/llama/block-expansion.ts',
    from: 'every + (every + 1) * i',
    to: 'every + every * i',
  }),
  () => {
    expect(blocksOf(4, 0.5)).toBe('0 1 1* 2 3 3*');
    expect(blockExpansion(4, 0.5).added).toEqual([2, 5]);
    expect(blocksOf(5, 0.4)).toBe('0 1 1* 2 3 3* 4');
    expect(blocksOf(3, 1)).toBe('0 0* 1 1* 2 2*');
    expect(blocksOf(1, 1)).toBe('0 0*');
    expect(blockExpansion(32, 0.25).added).toEqual([4, 9, 14, 19, 24, 29, 34, 39]);
    expect(blockExpansion(32, 0.1).added).toEqual([10, 21, 32]);
  },
);

test('a rate that adds none, or for which there is no even place, is refused by its numbers', () => {
  expect(() => blockExpansion(4, 0.1)).toThrow(ExpansionError);
  expect(() => blockExpansion(4, 0.1)).toThrow(
    'expansion_rate 0.1 of 4 blocks is none: give 0.25 or more',
  );
  expect(() => blockExpansion(5, 0.6)).toThrow(
    'expansion_rate 0.6 adds 3 to 5 blocks, and a copy behind every 1 makes 5: give 1 for as many',
  );
});

test('a copy has the window of its block, and every tensor of the larger model has its place', () => {
  const model = { ...TINY, family: 'qwen2' as const, layers: 4 };
  const expansion = blockExpansion(4, 0.5);
  const windowed = { ...model, slidingWindow: { tokens: 3, layers: [1, 2] } };
  expect(expandedModel(windowed, expansion).slidingWindow).toEqual({
    tokens: 3,
    layers: [1, 2, 3],
  });
  const places = [...tensorShapes(model).keys()].flatMap((name) => {
    const { name: place, copy } = expandedNames(name, expansion);
    return copy ? [place, copy] : [place];
  });
  const all = [...tensorShapes(expandedModel(model, expansion)).keys()];
  expect(places.toSorted()).toEqual(all.toSorted());
  const ofBlock = all.filter((name) => name.startsWith('model.layers.0.')).length;
  expect(all.filter((name) => isOfCopy(name, expansion))).toHaveLength(2 * ofBlock);
});
