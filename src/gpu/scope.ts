/**
 * Owns what is added to it until its end, the last added freed first, whether or not something
 * throws before: for things for which `using` would need a number of names, and for constructors,
 * which {@link Scope.move} it to the object once nothing can throw any more.
 */
export class Scope implements Disposable {
  #items: Disposable[] = [];

  add<T extends Disposable>(item: T): T {
    this.#items.push(item);
    return item;
  }

  addAll<T extends Readonly<Record<string, Disposable>>>(items: T): T {
    this.#items.push(...Object.values(items));
    return items;
  }

  /** Hands all that it owns over to a scope of its own, which the caller disposes. */
  move(): Scope {
    const moved = new Scope();
    moved.#items = this.#items.splice(0);
    return moved;
  }

  [Symbol.dispose](): void {
    for (const item of this.#items.toReversed()) item[Symbol.dispose]();
  }
}
