/** All that the page says in German, by file: nothing is listed here. */
export const words: Readonly<Record<string, unknown>> = import.meta.glob('../*/*.de.ts', {
  eager: true,
  import: 'words',
});
