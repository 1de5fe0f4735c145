/** By the values of STORAGE in lib/storage, and of FROM and TO in math/cast. */
export const FLOATS = ['f32', 'f16', 'bf16'] as const;

/** How floats are stored: four in a vec4f, or halves in the words of a vec2u. */
export type FloatStorage = (typeof FLOATS)[number];

/** Formats of halves. */
export type Half = Exclude<FloatStorage, 'f32'>;
