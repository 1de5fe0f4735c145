import { quote } from '../../formats/format-error.ts';
import type { ModelConfig } from '../../formats/hugging-face/config.ts';
import { ExpansionError } from './expansion-error.ts';

/** A copy behind every so many blocks, as LLaMA-Pro deepens a model. */
export interface BlockExpansion {
  /** Blocks from one copy to the next. */
  readonly every: number;
  /** Numbers of the copies in the expanded model. */
  readonly added: readonly number[];
}

/** Of a copy these are zero, so that it adds nothing to what comes in. */
const ZEROED = ['self_attn.o_proj', 'mlp.down_proj'];

const BLOCK = /^(model\.layers\.)(\d+)(\..*)$/;

/**
 * Where fsdp_qlora's block_expansion.py adds the share `rate` of `layers` blocks, rounded down: n
 * copies, one behind each `every` = floor(layers / n) blocks, become the blocks every + (every + 1) i.
 * Throws ExpansionError where the share is no block, or not as many copies find a place.
 */
export function blockExpansion(layers: number, rate: number): BlockExpansion {
  const count = Math.floor(layers * rate);
  if (count === 0)
    throw new ExpansionError(
      'no-blocks-added',
      `expansion_rate ${rate} of ${layers} blocks is none`,
      `give ${(1 / layers).toPrecision(2)} or more`,
    );
  const { every, added } = copiesIn(layers, count);
  if (added.length !== count)
    throw new ExpansionError(
      'blocks-uneven',
      `expansion_rate ${rate} adds ${count} to ${layers} blocks, and a copy behind every ${every} makes ${added.length}`,
      `give ${added.length / layers} for as many`,
    );
  return { every, added };
}

/** Copies behind every so many blocks that there are at least `count`. */
function copiesIn(layers: number, count: number): BlockExpansion {
  const every = Math.floor(layers / count);
  const places = Math.floor(layers / every);
  return { every, added: Array.from({ length: places }, (_, i) => every + (every + 1) * i) };
}

/** How many blocks a model had, and how many it has with its copies. */
export interface ExpandedLayers {
  readonly before: number;
  readonly after: number;
}

const NAME = /(?:^|[_.-])blk_exp-([1-9]\d{0,4})-([1-9]\d{0,4})$/;

/** What fsdp_qlora writes at the end of the name of an expanded model, as `blk_exp-4-6`. */
export const expansionName = ({ before, after }: ExpandedLayers): string =>
  `blk_exp-${before}-${after}`;

/** Whether a name is to say that a model was expanded. */
export const namesExpansion = (name: string): boolean => name.includes('blk_exp');

/**
 * What the end of such a name says. Throws ExpansionError `block-expansion-name` where it has another
 * form, or the copies of no model are so many.
 */
export function expandedLayers(name: string): ExpandedLayers {
  const [, before = 0, after = 0] = NAME.exec(name)?.map(Number) ?? [];
  const count = after - before;
  const isMade = count >= 1 && count <= before && copiesIn(before, count).added.length === count;
  if (!isMade)
    throw new ExpansionError(
      'block-expansion-name',
      `${quote(name)} is no name of an expanded model`,
      `it ends as ${expansionName({ before: 4, after: 6 })}, blocks before and after, with a copy behind every so many`,
    );
  return { before, after };
}

/** The copies in a model that was expanded so. */
export const expansionBetween = ({ before, after }: ExpandedLayers): BlockExpansion =>
  copiesIn(before, after - before);

/** The number in the expanded model of a block of the model. */
const shifted = (block: number, { every }: BlockExpansion): number =>
  block + Math.floor(block / every);

/** The model with its copies: a copy has the window of its block. */
export function expandedModel(model: ModelConfig, expansion: BlockExpansion): ModelConfig {
  const { slidingWindow: window } = model;
  const { every, added } = expansion;
  const layers = window?.layers.flatMap((block) => {
    const place = shifted(block, expansion);
    return (block + 1) % every === 0 ? [place, place + 1] : [place];
  });
  return {
    ...model,
    layers: model.layers + added.length,
    ...(window && layers ? { slidingWindow: { ...window, layers } } : {}),
  };
}

/** Whether a tensor or module of the expanded model is of a copy. */
export function isOfCopy(name: string, { added }: BlockExpansion): boolean {
  const block = BLOCK.exec(name)?.[2];
  return block !== undefined && added.includes(Number(block));
}

/** Where a tensor of the model is in the expanded one, and its copy where its block has one. */
export interface ExpandedNames {
  readonly name: string;
  readonly copy?: string;
}

/** The names in the expanded model of a tensor of the model. */
export function expandedNames(name: string, expansion: BlockExpansion): ExpandedNames {
  const [, start, block, rest] = BLOCK.exec(name) ?? [];
  if (block === undefined) return { name };
  const place = shifted(Number(block), expansion);
  const hasCopy = (Number(block) + 1) % expansion.every === 0;
  return {
    name: `${start}${place}${rest}`,
    ...(hasCopy ? { copy: `${start}${place + 1}${rest}` } : {}),
  };
}

/** Whether a tensor of a copy starts as zero: weight and bias of both projections back. */
export const startsAsZero = (name: string): boolean =>
  ZEROED.some((linear) => name.includes(`.${linear}.`));
