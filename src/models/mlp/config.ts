/** Sizes of an `Mlp`. */
export interface MlpConfig {
  readonly inFeatures: number;
  readonly hidden: number;
  readonly classes: number;
}
