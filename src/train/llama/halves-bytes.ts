import { type Architecture, EMBEDDINGS, HEAD } from '../../formats/hugging-face/architecture.ts';
import { blockLinears } from '../../models/llama/lora/module-names.ts';
import { layerOf } from '../../quantizer/kept-layers.ts';
import { headBytes } from '../../sheet/needs.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';
import type { AdapterSettings } from './config/read-training-config.ts';
import { BLOCK, largestOf, MODULE } from './undone-bytes.ts';

const FLOAT = 4;
const HALF = 2;

/** Bytes that a step has more, or less, than it has in float32. */
interface Halves {
  /** Of all blocks, and of one at most. */
  readonly ofBlocks: number;
  readonly ofBlock: number;
  readonly ofHead: number;
  /** While the head is undone. */
  readonly undoingHead: number;
  /** While a linear is undone whose base and adapter one op computes, at most. */
  readonly undoingLinear: number;
}

/** What a step in float32 has. */
export const NO_HALVES: Halves = {
  ...{ ofBlocks: 0, ofBlock: 0, ofHead: 0 },
  ...{ undoingHead: 0, undoingLinear: 0 },
};

/** A step whose products are stored in halves. */
interface HalvedStep {
  readonly adapter: AdapterSettings | undefined;
  /** Of all tensors, and of what is trained. */
  readonly shapes: ReadonlyMap<string, Shape>;
  readonly trained: ReadonlyMap<string, Shape>;
  /** Whether a weight is there in floats while it is used. */
  readonly isDense: (name: string) => boolean;
  /** Linears that have an adapter, and those where one op computes base and adapter. */
  readonly adapted: Iterable<string>;
  readonly together: ReadonlySet<string>;
  readonly tokens: number;
}

/**
 * What halves add and spare. Weights in floats and adapters are cast for each product, and those stay
 * as long as what it left; the head has its input in halves too, and logits and their gradients in
 * both. What values spare is taken as nothing of adapters that leave more than a base and its update.
 */
export function halvesOf(
  model: Architecture,
  { adapter, shapes, trained, isDense, adapted, together, tokens }: HalvedStep,
): Halves {
  const linears = blockLinears(model);
  const weights = new Map(
    [...shapes].filter(([name]) => linears.has(layerOf(name)) && isDense(name)),
  );
  const inFloats = (module: string) => isDense(`${module}.weight`);
  const isHalved = (module: string) => inFloats(module) || together.has(module);
  // Beside products of their own bases are in halves too, and x is cast once more.
  const bases = [...(adapter?.apart ? adapted : [])].filter(inFloats).map((module) => {
    const [outputs = 0, inputs = 0] = linears.get(module) as Shape;
    return (outputs - inputs) / 2;
  });
  const ofBases = bases.reduce((sum, floats) => sum + floats, 0);
  const cast = new Map([...weights, ...(adapter ? trained : [])]);
  const isPlain = adapter && adapter.dropout === 0 && !adapter.use_dora && !adapter.lora_bias;
  const spared = isPlain ? FLOAT * tokens * (halvedValues(model, isHalved) + ofBases) : 0;
  const table = shapes.get(model.tied ? EMBEDDINGS : HEAD) as Shape;
  const undoingHead = headBytes(model, tokens).kept / 2 + HALF * tokens * model.hidden;
  // That op computes in floats what it has in halves.
  const widened = new Map(
    [...cast].filter(([name]) => together.has(name.slice(0, name.lastIndexOf('.')))),
  );
  const floats = [...cast.values()].reduce((sum, shape) => sum + sizeOf(shape), 0);
  return {
    ofBlocks: HALF * floats - spared,
    ofBlock: (HALF / FLOAT) * largestOf(cast, BLOCK) - spared / model.layers,
    ofHead: HALF * sizeOf(table) + undoingHead,
    undoingHead,
    undoingLinear: largestOf(widened, MODULE),
  };
}

/**
 * Floats that the blocks leave less of a token where products are stored in halves, by autocast's
 * rules: outputs of those for which `isHalved` says so, and what is made of them, are half as large;
 * inputs in float32 are there once more, in halves, and so are operands of attention that no such
 * product gave. What attention gives is in halves side by side, and by heads in both.
 */
function halvedValues(
  { layers, hidden, heads, kvHeads, headDim, intermediate }: Architecture,
  isHalved: (module: string) => boolean,
): number {
  const queries = heads * headDim;
  const keys = kvHeads * headDim;
  let halves = 0;
  for (let i = 0; i < layers; i++) {
    const has = (name: string) => isHalved(`model.layers.${i}.${name}_proj`);
    // Projected, by heads, and but for values rotated.
    halves += has('self_attn.q') ? 3 * queries - hidden : -queries;
    halves += has('self_attn.k') ? 3 * keys - hidden : -keys;
    halves += has('self_attn.v') ? 2 * keys - hidden : -keys;
    halves += has('self_attn.o') ? hidden : 0;
    halves += has('mlp.gate') ? 2 * intermediate - hidden : 0;
    halves += has('mlp.up') ? intermediate - hidden : 0;
    const isGatedHalf = has('mlp.gate') && has('mlp.up');
    halves += isGatedHalf ? intermediate : 0;
    halves += has('mlp.down') ? hidden - (isGatedHalf ? 0 : intermediate) : 0;
  }
  return halves / 2;
}
