/** Two tokens that become one. */
interface Merge {
  readonly left: string;
  readonly right: string;
  readonly score: number;
  /** Characters of either. */
  readonly lengths: readonly [left: number, right: number];
}

/**
 * The merges of a SentencePiece vocabulary, whose pairs are joined by the score of what they make:
 * every way to put a token together of two others, best scores first, as transformers makes them of
 * a tokenizer.model (generate_merges of convert_slow_tokenizer.py). Tokens that are no piece, as
 * bytes and special ones, have none.
 */
export function mergesOfScores(
  tokens: readonly string[],
  scores: readonly number[],
  isPiece: (id: number) => boolean,
): readonly (readonly [left: string, right: string])[] {
  const ids = new Map(tokens.flatMap((token, id) => (isPiece(id) ? [[token, id] as const] : [])));
  const idOf = (token: string) => ids.get(token) as number;
  const mergesOf = ([token, id]: readonly [string, number]): readonly Merge[] => {
    const characters = Array.from(token);
    const all = characters.slice(1).map((_, i): Merge => {
      const lengths = [i + 1, characters.length - i - 1] as const;
      const left = characters.slice(0, i + 1).join('');
      return { left, right: token.slice(left.length), score: scores[id] ?? 0, lengths };
    });
    return all
      .filter(({ left, right }) => ids.has(left) && ids.has(right))
      .sort((a, b) => idOf(a.left) - idOf(b.left) || idOf(a.right) - idOf(b.right));
  };
  return [...ids]
    .flatMap(mergesOf)
    .sort((a, b) => b.score - a.score || b.lengths[0] - a.lengths[0] || b.lengths[1] - a.lengths[1])
    .map(({ left, right }) => [left, right]);
}
