/** The catalog's limit of losses against float64, as a share of each. */
export const LOSS_LIMIT = 1e-3;
/** Its limit of the losses of a step on an odd batch, as a share of each. */
export const STEP_LOSS_LIMIT = 1e-4;
/** Its limit of trained weights, as a share of the largest number of a tensor. */
export const WEIGHT_LIMIT = 1e-3;
/** Its limit of gradients that two ways of computing give, as such a share. */
export const GRADIENT_LIMIT = 1e-4;
