import { seam } from '../../seam.ts';

/** Sizes of a MobileNetV2. */
export interface MobileNetV2Config {
  readonly classes: number;
  /** Factor of all channels. Default 1. */
  readonly width?: number;
  /** Whether the first convolution has ternary weights too. Default no. */
  readonly ternaryStem?: boolean;
}

/** Expansion, channels, blocks and stride of the first of them (Sandler et al., 2018, table 2). */
const blockTable = seam(
  'mobilenet_v2.block_table',
  (): readonly (readonly [t: number, c: number, n: number, s: number])[] => [
    [1, 16, 1, 1],
    [6, 24, 2, 2],
    [6, 32, 3, 2],
    [6, 64, 4, 2],
    [6, 96, 3, 1],
    [6, 160, 3, 2],
    [6, 320, 1, 1],
  ],
);

const STEM = 32;
const HEAD = 1280;
const DIVISOR = 8;

/**
 * The multiple of 8 nearest to `channels`, and the next one where that is less than nine tenths.
 */
function roundedChannels(channels: number): number {
  const near = Math.max(DIVISOR, Math.floor((channels + DIVISOR / 2) / DIVISOR) * DIVISOR);
  return near < 0.9 * channels ? near + DIVISOR : near;
}

/** A convolution without bias, and the batch normalization behind it. */
export interface ConvLayer {
  /** Names in the state dict, as torchvision has them. */
  readonly name: string;
  readonly norm: string;
  readonly from: number;
  readonly to: number;
  readonly kernel: number;
  readonly stride: number;
  readonly groups: number;
  /** Whether ReLU6 follows. */
  readonly activated: boolean;
  readonly ternary: boolean;
}

/** Convolutions in a row; with `residual` the input is added to what they give. */
export interface Block {
  readonly layers: readonly ConvLayer[];
  readonly residual: boolean;
}

/** Channels of a block's input and output, and how it gets from one to the other. */
export interface InvertedResidual {
  readonly from: number;
  readonly to: number;
  readonly expansion: number;
  readonly stride: number;
}

/** An inverted residual block: expansion (where there is any), depthwise convolution, projection. */
function invertedResidual(name: string, { from, to, expansion, stride }: InvertedResidual): Block {
  const hidden = from * expansion;
  const activated = (
    at: number,
    layer: Pick<ConvLayer, 'from' | 'kernel' | 'stride' | 'groups'>,
  ) => ({
    name: `${name}.conv.${at}.0`,
    norm: `${name}.conv.${at}.1`,
    to: hidden,
    activated: true,
    ternary: true,
    ...layer,
  });
  const expand = expansion === 1 ? [] : [activated(0, { from, kernel: 1, stride: 1, groups: 1 })];
  const depthwise = activated(expand.length, { from: hidden, kernel: 3, stride, groups: hidden });
  const project = {
    name: `${name}.conv.${expand.length + 1}`,
    norm: `${name}.conv.${expand.length + 2}`,
    from: hidden,
    to,
    kernel: 1,
    stride: 1,
    groups: 1,
    activated: false,
    ternary: true,
  };
  return { layers: [...expand, depthwise, project], residual: stride === 1 && from === to };
}

/** All blocks in order: the first convolution, 17 inverted residuals and the last convolution. */
export function blocksOf({ width = 1, ternaryStem = false }: MobileNetV2Config): readonly Block[] {
  let from = roundedChannels(STEM * width);
  const plain = (
    at: number,
    layer: Pick<ConvLayer, 'from' | 'to' | 'kernel' | 'stride' | 'ternary'>,
  ) => ({
    layers: [
      { name: `features.${at}.0`, norm: `features.${at}.1`, groups: 1, activated: true, ...layer },
    ],
    residual: false,
  });
  const blocks: Block[] = [
    plain(0, { from: 3, to: from, kernel: 3, stride: 2, ternary: ternaryStem }),
  ];
  for (const [expansion, channels, count, stride] of blockTable()) {
    const to = roundedChannels(channels * width);
    for (let i = 0; i < count; i++) {
      const sizes = { from, to, expansion, stride: i === 0 ? stride : 1 };
      blocks.push(invertedResidual(`features.${blocks.length}`, sizes));
      from = to;
    }
  }
  // The factor does not make the channels before the linear fewer.
  const to = roundedChannels(HEAD * Math.max(1, width));
  return [...blocks, plain(blocks.length, { from, to, kernel: 1, stride: 1, ternary: true })];
}
