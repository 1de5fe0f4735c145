/** Variants that samples of a convolution tell apart: a kernel of its own for each channel runs one. */
export const SINGLE: readonly string[] = ['register'];
/** Those of images too small for the tile of a workgroup. */
export const SMALL: readonly string[] = ['register', 'subgroup'];
/** Those of images that are not. */
export const ALL: readonly string[] = ['register', 'subgroup', 'tiled'];
/** The one that needs such an image, where a quick run has the others by smaller ones. */
export const TILED: readonly string[] = ['tiled'];
