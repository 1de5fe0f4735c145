import { float, index } from '../rules.ts';

/** A tensor of the parameter's shape. */
const flat = float<object>('[*p]');

/** What a step of Adam or AdamW changes. */
export const adamState = { param: flat, exp_avg: flat, exp_avg_sq: flat } as const;
/** What a step of SGD changes. */
export const sgdState = { param: flat, momentum_buffer: flat } as const;
/** What flows into a step. */
export const gradient = { grad: flat } as const;
/**
 * What a step reads that was found on the device: 0 where it is to be taken, and how many were
 * taken before.
 */
export const found = { found_inf: float<object>('[1]'), steps: index<object>('[1]') } as const;
