/**
 * A function that gives the same object again as long as it is asked the same: what is made of it
 * stays as well.
 */
export class Remembered<Arguments extends readonly unknown[], Result> {
  readonly #make: (...given: Arguments) => Result;
  #last: { readonly given: Arguments; readonly result: Result } | undefined;

  constructor(make: (...given: Arguments) => Result) {
    this.#make = make;
  }

  /**
   * The result for these arguments, made anew when one of them is another object than last time.
   */
  of(...given: Arguments): Result {
    if (!this.#last?.given.every((value, i) => value === given[i]))
      this.#last = { given, result: this.#make(...given) };
    return this.#last.result;
  }
}
