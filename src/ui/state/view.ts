/** The views of the page. */
export const VIEWS = ['check', 'train', 'compare'] as const;

/** One of them. */
export type View = (typeof VIEWS)[number];

/** The two results of a comparison. */
export const SIDES = ['before', 'after'] as const;

/** One of them. */
export type Side = (typeof SIDES)[number];
