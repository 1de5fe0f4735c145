const files = import.meta.glob('../*/*.de.ts', { import: 'words' });

const parts = new Map(
  Object.entries(files).map(([file, load]) => [file.replace(/^.*\/|\.de\.ts$/g, ''), load]),
);

/** Loads what the page says in German, by part: nothing is listed here. */
export async function de(part: string): Promise<unknown> {
  return await parts.get(part)?.();
}
