/**
 * A layer's name as it stands in an id: letters, digits, `-`, `_`, `.`, `!` and `~` stay, every
 * other character is the `%XX` of its bytes in UTF-8, as in an address; an empty name is `%`.
 */
export function layerInId(layer: string): string {
  const escaped = encodeURIComponent(layer).replace(
    /[*'()]/g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return escaped === '' ? '%' : escaped;
}
