/** What a kernel can bind of one buffer, by the limits of its device. Bytes. */
export function reachOf(limits: Readonly<Record<string, number>>): number {
  const { maxStorageBufferBindingSize = 0, maxBufferSize = 0 } = limits;
  return Math.min(maxStorageBufferBindingSize, maxBufferSize);
}
