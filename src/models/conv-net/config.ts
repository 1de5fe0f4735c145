/** Sizes of a `ConvNet`. */
export interface ConvNetConfig {
  /** Channels of the images, and those of the two convolutions. */
  readonly channels: readonly [number, number, number];
  readonly classes: number;
}
