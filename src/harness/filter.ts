/** Whether `id` matches: any of the globs without `!` (or there is none), and none of those with it. `*` is any characters. */
export function matchesFilters(id: string, filters: readonly string[]): boolean {
  const includes = filters.filter((glob) => !glob.startsWith('!'));
  const excludes = filters.filter((glob) => glob.startsWith('!')).map((glob) => glob.slice(1));
  return (includes.length === 0 || includes.some((glob) => matchesGlob(id, glob))) && !excludes.some((glob) => matchesGlob(id, glob));
}

/** Whether all of `text` matches; `*` is any characters. */
export function matchesGlob(text: string, glob: string): boolean {
  const pattern = glob.split('*').map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'));
  return new RegExp(`^${pattern.join('.*')}$`, 's').test(text);
}
