/** What the first screen says, one file: a test holds that it is all that is shown there. */
export const first: Readonly<Record<string, unknown>> = import.meta.glob(
  [
    '../{app/frame,cases/details,check/answer,check/check,check/preflight}.de.ts',
    '../{drop/drop,history/history,libraries/libraries,messages/units,run/choice}.de.ts',
  ],
  { eager: true, import: 'words' },
);

/** Loads what the page says in German, by part. */
export async function de(part: string): Promise<unknown> {
  return partOf(first, part) ?? partOf((await import('./de-later.ts')).words, part);
}

function partOf(files: Readonly<Record<string, unknown>>, part: string): unknown {
  return Object.entries(files).find(([file]) => file.endsWith(`/${part}.de.ts`))?.[1];
}
