import { sha256 } from '../../formats/sha256.ts';
import type { Recorder } from '../../gpu/recorder.ts';
import type { Artifact } from '../../testing/context.ts';

/** SHA-256 of texts: cases have most of them in common. */
const known = new Map<string, string>();

/**
 * The file kernels.json of what was dispatched since the recorder was cleared: of each kernel SHA-256
 * of every WGSL text that it was compiled from.
 */
export async function kernelSums({ shaders, pipelines }: Recorder): Promise<Artifact> {
  const sums = new Map<string, Set<string>>();
  for (const shader of shaders) {
    const code = pipelines.codeOf(shader);
    const sum = known.get(code) ?? (await sha256(new TextEncoder().encode(code)));
    known.set(code, sum);
    sums.set(shader.file, (sums.get(shader.file) ?? new Set()).add(sum));
  }
  const sorted = [...sums].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const lists = sorted.map(([file, own]) => [file, [...own].sort()]);
  const text = JSON.stringify(Object.fromEntries(lists));
  return { name: 'kernels.json', data: new TextEncoder().encode(text) };
}
