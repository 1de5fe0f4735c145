/**
 * Tells of an id whether filters select it: any of the globs without `!` matches (or there is
 * none), and none of those with it.
 */
export function filterOf(filters: readonly string[]): (id: string) => boolean {
  const includes = filters.filter((glob) => !glob.startsWith('!'));
  const isIncluded = includes.length === 0 ? () => true : anyOf(includes);
  const isExcluded = anyOf(
    filters.filter((glob) => glob.startsWith('!')).map((glob) => glob.slice(1)),
  );
  return (id) => isIncluded(id) && !isExcluded(id);
}

/** A filter may list thousands of ids: only globs are tried one after another. */
function anyOf(globs: readonly string[]): (text: string) => boolean {
  const whole = new Set(globs.filter((glob) => !glob.includes('*')));
  const patterns = globs.filter((glob) => glob.includes('*'));
  return (text) => whole.has(text) || patterns.some((glob) => matchesGlob(text, glob));
}

/**
 * Whether all of `text` matches; `*` is any characters. A glob may come from elsewhere: the time
 * grows with the lengths and no faster.
 */
export function matchesGlob(text: string, glob: string): boolean {
  const [first = '', ...others] = glob.split('*');
  const last = others.pop();
  if (last === undefined) return text === glob;
  const end = text.length - last.length;
  if (first.length > end || !text.startsWith(first) || !text.endsWith(last)) return false;
  let at = first.length;
  for (const part of others) {
    const found = text.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}
