import type { LinkPayload } from '../../report/link/payload.ts';

/** What is told of a part of a link; of columns only how much they hold. */
interface Told extends Omit<LinkPayload, 'statuses' | 'accuracies' | 'speeds' | 'places'> {
  readonly statuses: number;
  readonly accuracies: number;
  readonly speeds: number;
  readonly places: number;
}

/** Words for every part of a link: a part without words does not compile. */
export type LinkWords = {
  readonly [K in keyof Told]: { readonly what: string; readonly show: (value: Told[K]) => string };
};

/** One thing that a link tells. */
export interface LinkContent {
  readonly part: keyof LinkPayload;
  /** What leaves, in plain words. */
  readonly what: string;
  /** What it is in this link. */
  readonly value: string;
}

/** All that was read out of a link, part by part. */
export function linkContents(payload: LinkPayload, words: LinkWords): readonly LinkContent[] {
  const { statuses, accuracies, speeds, places } = payload;
  const told: Told = {
    ...payload,
    statuses: statuses.filter((status) => status !== 'not-run').length,
    accuracies: known(accuracies),
    speeds: known(speeds),
    places: places.length,
  };
  return (Object.keys(payload) as (keyof LinkPayload)[]).map((part) =>
    contentOf(part, told, words),
  );
}

function contentOf<K extends keyof Told>(part: K, told: Told, words: LinkWords): LinkContent {
  const { what, show } = words[part];
  return { part, what, value: show(told[part]) };
}

function known(values: readonly unknown[]): number {
  return values.filter((value) => value !== undefined).length;
}
