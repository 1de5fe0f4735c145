/** What names a case among those of a run or a plan: its id, and who computes it. */
export function keyOf({ id, backend }: { readonly id: string; readonly backend: string }): string {
  return `${id} ${backend}`;
}
