import type { LossMark } from '../charts/loss.ts';

/** What happened to a run beside its steps. */
export type Happening = {
  /** After so many steps. */
  readonly step: number;
  readonly at: Date;
} & (
  | { readonly kind: 'checkpoint'; readonly bytes: number; readonly ms: number }
  | { readonly kind: 'resumed' }
  /** A checkpoint could not be written, or not be read; or the worker or its device is gone. */
  | { readonly kind: 'refused' | 'lost'; readonly message: string }
);

/** Those that the figure of losses marks, once for each step. */
export function marksOf(happened: readonly Happening[]): readonly LossMark[] {
  const marks = new Map<string, LossMark>();
  for (const { kind, step } of happened)
    if (kind !== 'refused') marks.set(`${kind} ${step}`, { kind, step });
  return [...marks.values()];
}
