/** Micro-batches of a step, where there are several. */
export const PARTS = 3;
