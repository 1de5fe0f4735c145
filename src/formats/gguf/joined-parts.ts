import type { PartFile } from '../part-file.ts';

/** Files one after the other as one. */
export function joinedParts(files: readonly PartFile[]): PartFile {
  let end = 0;
  const places = files.map((file) => {
    const start = end;
    end += file.bytes;
    return { file, start, end };
  });
  return {
    bytes: end,
    read: async (from, to) => {
      const met = places.filter((place) => place.start < to && place.end > from);
      const parts = await Promise.all(
        met.map(({ file, start }) =>
          file.read(Math.max(from - start, 0), Math.min(to - start, file.bytes)),
        ),
      );
      const [only] = parts;
      if (only && parts.length === 1) return only;
      const joined = new Uint8Array(to - from);
      let at = 0;
      for (const part of parts) {
        joined.set(part, at);
        at += part.length;
      }
      return joined;
    },
  };
}
