/** Who is told of, and the words that stand for them. */
export interface Person {
  readonly name: string;
  readonly he: 'he' | 'she';
}

/** Where tales happen: what each name in a plot can be. */
export interface World {
  readonly people: readonly Person[];
  /** Drawn once for a tale. */
  readonly kept: Readonly<
    Record<
      'home' | 'kind' | 'place' | 'thing' | 'food' | 'under' | 'bag' | 'far',
      readonly string[]
    >
  >;
  /** Drawn each time. */
  readonly free: Readonly<
    Record<
      'mood' | 'trait' | 'time' | 'night' | 'weather' | 'slowly' | 'big' | 'count',
      readonly string[]
    >
  >;
}
