const files = import.meta.glob('../*/*.de.ts', { eager: true, import: 'words' });

/** All that the page says in German, by part: nothing is listed here. */
export const de: Readonly<Record<string, unknown>> = Object.fromEntries(
  Object.entries(files).map(([file, words]) => [file.replace(/^.*\/|\.de\.ts$/g, ''), words]),
);
