/** When a run skips steps or goes back to its last checkpoint, and how it goes on from there. */
export interface RecoverySettings {
  /** Steps in a row without finite gradients after which it goes back. Default 3. */
  readonly nonfiniteSteps: number;
  /** A loss above so many times its smoothed value is too high. Default 2. */
  readonly explosionFactor: number;
  /** Losses in a row that are too high after which it goes back. Default 3. */
  readonly explosionSteps: number;
  /** What the learning rate is multiplied by each time. Default 0.5. */
  readonly rollbackRate: number;
  /** How often it goes back at most; 0: a run ends at its first such fault. Default 3. */
  readonly maxRollbacks: number;
  /**
   * Seconds without a word between two steps after which its worker hangs, unless twenty of the
   * longest waits so far are longer. Default 300.
   */
  readonly hangSeconds: number;
}
