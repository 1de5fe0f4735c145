const SENTENCE =
  /^the [a-z]+ [a-z]+?(s?)((?: (?:near|behind|under|above) the [a-z]+){1,2}) [a-z]+?(s?)\.\n$/;

/** What a reader sees of a sentence of the grammar, who knows nothing of how it was drawn. */
export interface ParsedSentence {
  readonly headIsPlural: boolean;
  readonly verbIsPlural: boolean;
  /** Whether the noun before the verb has another number than the head. */
  readonly isDistracted: boolean;
  /** Characters between head and verb. */
  readonly apart: number;
}

/** Undefined for what is no sentence of the grammar. No noun of it ends in s but for its plural. */
export function parsedSentence(text: string): ParsedSentence | undefined {
  const [, ending, between = '', verb] = SENTENCE.exec(text) ?? [];
  if (ending === undefined) return undefined;
  const headIsPlural = ending === 's';
  return {
    headIsPlural,
    verbIsPlural: verb !== 's',
    isDistracted: between.endsWith('s') !== headIsPlural,
    apart: between.length,
  };
}
