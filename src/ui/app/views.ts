import { InvariantError } from '../../errors.ts';
import type { View } from './view.ts';

/**
 * Every view in the order of the navigation: each file `src/ui/<feature>/<name>.view.ts` exports
 * one, and nothing is listed here.
 */
export const views: readonly View[] = Object.values(
  import.meta.glob<View>('../*/*.view.ts', { eager: true, import: 'view' }),
).sort((a, b) => a.order - b.order);

/** Returns the view of this name. Throws InvariantError when there is none. */
export function viewNamed(name: string): View {
  const found = views.find((view) => view.name === name);
  if (!found) throw new InvariantError(`no view is named ${name}`);
  return found;
}
