/** Micro-batches of a step, where there are several. */
export const PARTS = 3;
/** A label that asks nothing. */
export const NONE = -100;
