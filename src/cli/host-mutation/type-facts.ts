import type { Span } from './site.ts';

/** What a change needs to know of the types of a file, so that the compiler would not refuse it. */
export interface TypeFacts {
  /** How many arguments a call needs at least; undefined where that is not known. */
  leastArguments(call: Span): number | undefined;
  /** Whether each of two expressions may stand for the other. */
  areAlike(first: Span, second: Span): boolean;
  /** Another property of the same type, of what `member` reads a property of. */
  otherProperty(member: Span): string | undefined;
  /** Another property of the same type as `name`, of what `pattern` takes apart. */
  otherKey(pattern: Span, name: string): string | undefined;
  /** All properties that the object of a spread can have; undefined where that is not known. */
  propertiesOf(spread: Span): readonly string[] | undefined;
}
