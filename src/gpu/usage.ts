/** What a buffer is for: the bits of GPUBufferUsage, a global that is absent in Node. */
export const USAGE = {
  mapRead: 0x01,
  copySrc: 0x04,
  copyDst: 0x08,
  uniform: 0x40,
  storage: 0x80,
  queryResolve: 0x200,
} as const;

/** What the host reads from, after a copy. */
export const STAGING = USAGE.mapRead | USAGE.copyDst;

/** What holds uniform structs. */
export const UNIFORMS = USAGE.uniform | USAGE.copyDst;

/** What holds uniform structs, and host bytes until they are copied. */
export const SLOTS = UNIFORMS | USAGE.copySrc;
