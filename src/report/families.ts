/**
 * What checks are about, in the order in which they are shown: each family with its suites. A name
 * that ends with `*` stands for all that begin so; of several that fit a suite, the longest counts.
 */
const SUITES = {
  products: ['ops.matmul.*', 'matmul.*'],
  lora: ['ops.lora.*'],
  'few-bits': ['ops.matmul.matmul_4bit', 'ops.quant.*', 'ops.storage', 'quant.*', 'quantizer.*'],
  ternary: [
    'ops.quant.ternar*',
    'ops.quant.abs_mean',
    'ops.quant.fake_ternarize',
    'quant.batch',
    'quant.channels',
    'quant.fixed-threshold',
    'quant.packed-layer',
    'quant.packing',
    'quant.sources',
    'quant.stochastic',
    'quant.straight-through',
    'quant.ternary*',
    'quant.thresholds',
    'quant.trit-*',
    'nn.ternary-layer',
    'train.ternary',
    'vision.mobilenet-v2',
  ],
  attention: ['ops.attention.*', 'attention.*'],
  layers: ['ops.nn.*', 'ops.conv.*', 'nn.*', 'vision.*'],
  arithmetic: ['ops.math.*', 'ops.shape.*', 'ops.bits.*'],
  optimizers: [
    'ops.optim.*',
    'ops.nn.accumulate_grad',
    'train.gradient-clipping',
    'train.optimizer',
    'train.weight-decay',
  ],
  training: ['train.*', 'ops.wants'],
  data: ['data.*', 'export.*', 'utilities.*'],
  refusals: ['errors.*', 'ops.empty', 'ops.refusals'],
  device: ['gpu.*', 'performance.*', 'speed.*'],
  recordings: ['replay.*', 'parity.*'],
  /** A file of suites that cannot be loaded, and whatever no other family names. */
  other: ['suites.broken'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** What a check is about. */
export type Family = keyof typeof SUITES;

/** All families in their order. */
export const FAMILIES = Object.keys(SUITES) as readonly Family[];

/** The names of the families where people read English. */
export const FAMILY_NAMES: Readonly<Record<Family, string>> = {
  products: 'Products of matrices',
  lora: 'LoRA adapters',
  'few-bits': 'Weights in 4, 8 and 16 bits',
  ternary: 'Ternary weights',
  attention: 'Attention',
  layers: 'Layers and losses',
  arithmetic: 'Arithmetic',
  optimizers: 'Optimizers',
  training: 'Gradients and training',
  data: 'Data and files',
  refusals: 'Wrong and extreme input',
  device: 'Memory and speed',
  recordings: 'Recordings of libraries',
  other: 'Other',
};

/**
 * The family that names a suite, or ops of the suite's folder; undefined where none does, and it is
 * shown as `other`.
 */
export function familyNaming(suite: string): Family | undefined {
  return bestNaming(suite) ?? bestNaming(`ops.${suite}`);
}

/** The families of patterns of suites. */
const FAMILY_OF: ReadonlyMap<string, Family> = new Map(
  FAMILIES.flatMap((family) => SUITES[family].map((pattern) => [pattern, family])),
);
/** Longer ones first: what they say is more exact. */
const PATTERNS = [...FAMILY_OF.keys()].sort((a, b) => b.length - a.length);

function bestNaming(suite: string): Family | undefined {
  const longest = PATTERNS.find((pattern) => fits(pattern, suite));
  return longest === undefined ? undefined : FAMILY_OF.get(longest);
}

function fits(pattern: string, suite: string): boolean {
  return pattern.endsWith('*') ? suite.startsWith(pattern.slice(0, -1)) : pattern === suite;
}
