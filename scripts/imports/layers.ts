import type { Import } from '../../src/cli/syntax/imports.ts';

/**
 * The layers from top to bottom: a file may import from its own folder and from every layer below.
 */
const LAYERS: readonly (readonly string[])[] = [
  ['e2e', 'scripts', 'bench'],
  ['src/ui', 'src/cli', 'src/library'],
  ['src/bench'],
  ['src/harness'],
  ['src/report', 'suites'],
  ['src/testing'],
  ['src/backends'],
  ['src/train'],
  ['src/sheet'],
  ['src/models'],
  ['src/quantizer'],
  ['src/autograd'],
  ['src/ops'],
  ['src/tensor'],
  ['src/gpu'],
];

/** What anyone may use; they use each other only where LEAF_NEEDS says so. */
const LEAVES = [
  'src/catalog',
  'src/vocabulary',
  'src/graph',
  'src/reference',
  'src/quant',
  'src/data',
  'src/formats',
  'src/awake-timer.ts',
  'src/collect.ts',
  'src/errors.ts',
  'src/seam.ts',
  'shaders',
];

/**
 * What leaves may use besides themselves: signatures, calls, tables of the number formats, tensors
 * as plain data.
 */
const LEAF_NEEDS = [
  'src/collect.ts',
  'src/errors.ts',
  'src/seam.ts',
  'src/catalog',
  'src/graph',
  'src/quant',
  'src/tensor',
  'src/vocabulary',
];

/** The part of src/tensor that needs a GPU, and is none of a leaf's business. */
const GPU_TENSOR = 'src/tensor/tensor.ts';

/** What trains any model on any data: it knows of each what all of them have. */
const LOOP = 'src/train/loop/';

/** Models, data sets and optimizers by their names. */
const NAMED =
  /^src\/(?:models\/(?!model\.ts$)|data\/(?!examples\.ts$)|(?:ops|vocabulary)\/optim\/|train\/update-rule\.ts$)/;

/** Files that are sources of their own kind and imported by none of the layers. */
const OUTSIDE = ['package.json'];

const PLACES = [...LAYERS.flat(), ...LEAVES];

/** What is wrong with an import, or undefined. */
export function violationOf({ from, to }: Import): string | undefined {
  if (OUTSIDE.includes(to)) return undefined;
  const source = placeOf(from);
  const target = placeOf(to);
  if (!source) return undefined; // a config file at the root
  if (!target) return `${from} imports ${to}, which is in no layer`;
  if (from.startsWith(LOOP) && NAMED.test(to))
    return `${from} imports ${to}: the training loop names no model, data set or optimizer`;
  if (source === target) return undefined;
  if (LEAVES.includes(source)) {
    const allowed = LEAF_NEEDS.includes(target) && to !== GPU_TENSOR;
    return allowed
      ? undefined
      : `${from} imports ${to}: the leaf ${source} may use ${LEAF_NEEDS.join(', ')} without ${GPU_TENSOR}`;
  }
  if (LEAVES.includes(target)) return undefined;
  return rankOf(target) > rankOf(source)
    ? undefined
    : `${from} imports ${to}: ${source} stands ${rankOf(target) === rankOf(source) ? 'beside' : 'below'} ${target}`;
}

/** The layer or leaf that a path belongs to; a test belongs where its file does. */
export function placeOf(path: string): string | undefined {
  const file = path.replace(/\.test\.ts$/, '.ts');
  return PLACES.find((place) => file === place || `${path}/`.startsWith(`${place}/`));
}

function rankOf(place: string): number {
  return LAYERS.findIndex((layer) => layer.includes(place));
}
