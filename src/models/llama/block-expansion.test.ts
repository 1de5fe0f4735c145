import { expect, test } from 'vitest';
import { covers } from '../../catalog/covers.ts';
import { tensorShapes } from '../../formats/hugging-face/architecture.ts';
import { TINY } from '../../formats/hugging-face/fixtures/tiny-folder.ts';
import {
  blockExpansion,
  expandedLayers,
  expandedModel,
  expandedNames,
  expansionBetween,
  expansionName,
  isOfCopy,
} from './block-expansion.ts';
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

test(
  'the name of an expanded folder says how many blocks became how many',
  covers('fsdp.training.type-hqq-llama-pro/directory-name-parsed').control(
    'the numbers are told in the other order',
    {
      file: 'src/models/llama/block-expansion.ts',
      from: 'return { before, after };',
      to: 'return { before: after, after: before };',
    },
  ),
  () => {
    expect(expansionName({ before: 4, after: 6 })).toBe('blk_exp-4-6');
    for (const name of ['blk_exp-4-6', 'Llama-2-7b_blk_exp-4-6', 'my.model-blk_exp-4-6'])
      expect(expandedLayers(name)).toEqual({ before: 4, after: 6 });
    for (const [layers, rate] of [
      [4, 0.5],
      [32, 0.1],
      [49, 3 / 49],
      [1, 1],
    ] as const) {
      const made = blockExpansion(layers, rate);
      const name = expansionName({ before: layers, after: layers + made.added.length });
      expect(expansionBetween(expandedLayers(name))).toEqual(made);
    }
  },
);

test(
  'a name that says it of no model is refused by it, in one line',
  covers('fsdp.training.type-hqq-llama-pro/malformed-name').control('any two numbers are taken', {
    file: 'src/models/llama/block-expansion.ts',
    from: 'count >= 1 && count <= before && copiesIn(before, count).added.length === count',
    to: 'true',
  }),
  () => {
    const malformed = [
      ...['blk_exp', 'blk_exp-4', 'blk_exp-4-', 'blk_exp-4-6-8', 'blk_exp-4-6.1', 'blk_exp-4-x'],
      ...['blk_exp-04-6', 'blk_exp--4-6', 'xblk_exp-4-6', 'blk_exp-4-6\n', 'blk_exp_4_6'],
      // More than a copy of each, none, fewer than before, and no even places.
      ...['blk_exp-4-9', 'blk_exp-4-4', 'blk_exp-6-4', 'blk_exp-5-8', 'blk_exp-0-0'],
    ];
    for (const name of malformed) {
      const refusal = `${JSON.stringify(name)} is no name of an expanded model`;
      expect(() => expandedLayers(name), name).toThrow(
        expect.objectContaining({
          code: 'block-expansion-name',
          message: expect.stringContaining(refusal),
        }),
      );
      expect(() => expandedLayers(name)).toThrow(/^[^\n]+$/);
    }
  },
);
