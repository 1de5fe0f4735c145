import { type Architecture, EMBEDDINGS, HEAD } from '../../formats/hugging-face/architecture.ts';
import { retrainedName } from '../../models/llama/lora/retrained.ts';
import { gradientsOfBlock, headBytes, tracedGradientsOfBlock } from '../../sheet/needs.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';

const FLOAT = 4;
/** Bytes of a token's statistics of the loss, its label and its own loss. */
const LOSS = 8 * FLOAT;

/** A step, of whose backward pass the bytes are told. */
interface UndoneStep {
  readonly tokens: number;
  /** What is trained, by name. */
  readonly trained: ReadonlyMap<string, Shape>;
  /** Bytes of what forward left that go as they are undone. */
  readonly left: number;
  /** Bytes that a block leaves where it is computed again, else 0. */
  readonly again: number;
  /** Bytes that are there while the head is undone, beside logits and gradients. */
  readonly besideHead: number;
  /** Bytes of gradients that adapters of a block have beside those of its values. */
  readonly besideBlock: number;
  /** How often a gradient of what is trained is there. */
  readonly weightOfTrained: number;
}

/**
 * The most that a backward pass has beside what the forward pass left, in bytes: while the head is
 * undone, or the last block, which has no logits and no last norm beside it any more, or the
 * embeddings, when nothing else is left. Two that are tied have a gradient each, and then their sum.
 */
export function undoneBytes(model: Architecture, step: UndoneStep): number {
  const { tokens, trained, left, again, besideHead, besideBlock, weightOfTrained } = step;
  const { tied, hidden, layers, heads } = model;
  // Of the loss, of norms and of attention: no gradient flows into them, and they stay.
  const statistics = FLOAT * tokens * (9 + layers * (2 + 2 * heads));
  const trainedBytes = (name: string) =>
    [name, retrainedName(name)].reduce((sum, own) => sum + bytesOf(trained.get(own)), 0);
  const ofEmbeddings = trainedBytes(EMBEDDINGS);
  const isShared = tied && trained.has(EMBEDDINGS);
  const ofHead = isShared ? ofEmbeddings : trainedBytes(HEAD);
  const { kept, undone } = headBytes(model, tokens, ofHead > 0);
  const stream = FLOAT * tokens * hidden;
  // Of a block that is computed again all gradients are there together.
  const ofTrained = largestOf(trained, again > 0 ? BLOCK : MODULE);
  const inBlock =
    FLOAT * tokens * gradientsOfBlock(model) + weightOfTrained * ofTrained + besideBlock;
  return Math.max(
    undone + ofHead + besideHead,
    again + inBlock - kept - stream + (isShared ? ofHead : 0) + LOSS * tokens,
    2 * stream + (isShared ? 3 : 1) * ofEmbeddings + statistics - left,
  );
}

/** Bytes of all gradients of values: a judged step frees none of them. */
export function tracedBytes(model: Architecture, tokens: number): number {
  const { layers, hidden } = model;
  const ofBlocks = layers * tracedGradientsOfBlock(model);
  return FLOAT * tokens * (ofBlocks + hidden) + headBytes(model, tokens).undone;
}

const bytesOf = (shape: Shape | undefined): number => (shape ? FLOAT * sizeOf(shape) : 0);

/** The module of a block in which a tensor lies, by its name. */
export const MODULE = /\bmodel\.layers\..*(?=\.)/;
/** The block in which a tensor lies, by its name. */
export const BLOCK = /\bmodel\.layers\.\d+/;

/** Bytes of all floats that lie in one place together, at most. */
export function largestOf(floats: ReadonlyMap<string, Shape>, place: RegExp): number {
  const places = new Map<string, number>();
  for (const [name, shape] of floats) {
    const own = place.exec(name)?.[0];
    if (own) places.set(own, (places.get(own) ?? 0) + bytesOf(shape));
  }
  return Math.max(0, ...places.values());
}
