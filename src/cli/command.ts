import { type OptionDeclaration, type OptionTable, readOptions } from '../harness/option.ts';

/** A command with options of type T; an option of T that is not described does not compile. */
export interface CommandDeclaration<T> {
  /** What is typed after `gradproof`. */
  readonly name: string;
  /** Its place in the help, from 1. */
  readonly order: number;
  readonly description: string;
  /** Positional arguments in commander's notation: `<a>`, `<reports...>`. */
  readonly positionals?: readonly string[];
  readonly options: OptionTable<T>;
  /** Options of a later version in commander's notation: refused as such, and not in the help. */
  readonly laterOptions?: readonly string[];
  /**
   * Runs with the options that were given and returns the exit status; loads here what takes long
   * to load.
   */
  readonly run: (given: Partial<T>, positionals: readonly string[]) => number | Promise<number>;
}

/** What a command does once its options are read; it returns the exit status. */
export type Work = () => number | Promise<number>;

/** A command whose options are read from their texts. */
export interface CommandLine
  extends Pick<
    CommandDeclaration<unknown>,
    'name' | 'order' | 'description' | 'positionals' | 'laterOptions'
  > {
  readonly options: readonly OptionDeclaration<unknown>[];
  /**
   * Reads the texts of each option and returns what runs with them; `textsOf` answers by its name,
   * empty where it is not given. Throws OptionError and UsageError.
   */
  readonly read: (
    textsOf: (name: string) => readonly string[],
    positionals: readonly string[],
  ) => Work;
}

/** A command of a later version: refused as such, and not in the help. */
export interface LaterCommand {
  readonly name: string;
  readonly later: true;
}

/** Declares a command: `export const command` of a file `src/cli/commands/<name>.command.ts`. */
export function defineCommand<T>(declaration: CommandDeclaration<T>): CommandLine {
  const { options, run, ...named } = declaration;
  return {
    ...named,
    options: Object.values<OptionDeclaration<unknown>>(options),
    read: (textsOf, positionals) => {
      const given = readOptions(options, textsOf);
      return () => run(given, positionals);
    },
  };
}
