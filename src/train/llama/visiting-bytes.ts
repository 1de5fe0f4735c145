/**
 * The most of what lies on the host that is on the device at once, in bytes: what a block reads, or
 * embeddings or head with the last norm, of values by name.
 */
export function visitingBytes(values: ReadonlyMap<string, number>): number {
  const blocks = new Map<string, number>();
  let embeddings = 0;
  let head = 0;
  for (const [name, bytes] of values) {
    const block = /\bmodel\.layers\.\d+\./.exec(name)?.[0];
    if (block) blocks.set(block, (blocks.get(block) ?? 0) + bytes);
    else {
      if (!name.includes('lm_head')) embeddings += bytes;
      if (!name.includes('embed_tokens')) head += bytes;
    }
  }
  return Math.max(embeddings, head, ...blocks.values());
}
