import type { Language } from '../messages/language.ts';
import type { App } from './app.ts';

/**
 * A view of the page: `export const view` of a file `src/ui/<feature>/<name>.view.ts`, which is
 * part of the first screen.
 */
export interface View {
  /** In the address, as `?view=name`. */
  readonly name: string;
  /** Its place in the navigation, from 1, and the key that leads there if it is a digit. */
  readonly order: number;
  readonly words: Readonly<Record<Language, ViewWords>>;
  /** Name of its element. */
  readonly element: string;
  /** What the element is given of what the page has, by the names of its properties. */
  readonly given: (app: App) => Readonly<Record<string, unknown>>;
  /**
   * Loads what `given` needs of the page, then the module that defines the element; none where the
   * first screen has it.
   */
  readonly load?: (app: App) => Promise<unknown>;
}

/** What the frame of the page says of a view. */
interface ViewWords {
  /** In the navigation. */
  readonly label: string;
  /** There where room is short; the label where that is a word already. */
  readonly short?: string;
  /** Title of the document while the view is shown, after `Gradproof: `. */
  readonly title: string;
}

/** The key that leads to a view; views after the ninth have none. */
export function keyOfView({ order }: Pick<View, 'order'>): string | undefined {
  return order < 10 ? `${order}` : undefined;
}
