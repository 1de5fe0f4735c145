import { Command, CommanderError, Option } from 'commander';
import { InvariantError } from '../errors.ts';
import type { OptionDeclaration } from '../harness/option.ts';
import type { CommandLine, LaterCommand, Work } from './command.ts';
import { EXIT, notYet, UsageError } from './exit.ts';

declare const __GRADPROOF_VERSION__: string;

/** The command that runs where no other is named. */
const DEFAULT_COMMAND = 'run';

/**
 * Every command: each file `src/cli/commands/<name>.command.ts` exports `command`, and nothing is
 * listed here.
 */
const found = Object.values(
  import.meta.glob<CommandLine | LaterCommand>('./commands/*.command.ts', {
    eager: true,
    import: 'command',
  }),
);

/**
 * Runs the command that `argv` names and returns the exit status. Throws UsageError and what
 * commands throw.
 */
export async function execute(argv: readonly string[]): Promise<number> {
  return (await readCommandLine(argv))();
}

/**
 * Reads what `argv` asks for, and runs nothing of it; help and version are printed at once. Throws
 * UsageError and OptionError.
 */
export async function readCommandLine(argv: readonly string[]): Promise<Work> {
  let work: Work = () => EXIT.ok;
  const commands = found.filter((one) => 'order' in one).sort((a, b) => a.order - b.order);
  const root = commands.find(({ name }) => name === DEFAULT_COMMAND);
  if (!root) throw new InvariantError(`no command is named ${DEFAULT_COMMAND}`);
  const program = new Command('gradproof')
    .description(root.description)
    .version(__GRADPROOF_VERSION__)
    .usage('[run] [options] | [command]')
    .enablePositionalOptions()
    .allowExcessArguments();
  throwErrors(program);
  addOptions(program, root);
  program.action(() => {
    if (program.args[0] !== undefined)
      throw new UsageError(`unknown command "${program.args[0]}": see gradproof --help`);
    work = root.read(textsOf(program), []);
  });
  for (const command of commands.filter((one) => one !== root)) {
    const target = program.command(command.name).description(command.description);
    target.allowExcessArguments(false);
    throwErrors(target);
    for (const positional of command.positionals ?? []) target.argument(positional);
    addOptions(target, command);
    target.action(() => {
      work = command.read(textsOf(target), target.args);
    });
  }
  for (const { name } of found.filter((one) => 'later' in one)) {
    const later = program.command(name, { hidden: true });
    later.allowUnknownOption().allowExcessArguments();
    later.action(() => {
      throw notYet(name);
    });
  }
  try {
    await program.parseAsync(argv[0] === DEFAULT_COMMAND ? argv.slice(1) : argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return work; // help or version
    throw new UsageError(error.message.replace(/^error: /, '').replaceAll('\n', ' '));
  }
  return work;
}

/** Errors are thrown as one line instead of printed. */
function throwErrors(target: Command): void {
  target.exitOverride().configureOutput({ writeErr: () => {} });
}

function addOptions(target: Command, { options, laterOptions = [] }: CommandLine): void {
  for (const option of options) target.addOption(optionOf(option));
  for (const flags of laterOptions) {
    const option = new Option(flags).hideHelp();
    target.addOption(option);
    target.on(`option:${option.name()}`, () => {
      throw notYet(`--${option.name()}`);
    });
  }
}

/** Commander's form of an option: all its texts are kept, in order. */
function optionOf({ name, argument, optional, description }: OptionDeclaration<unknown>): Option {
  if (!argument) return new Option(`--${name}`, description);
  const flags = `--${name} ${optional ? `[${argument}]` : `<${argument}>`}`;
  return new Option(flags, description).argParser((text: string, previous?: string[]) => [
    ...(previous ?? []),
    text,
  ]);
}

/** Answers with the texts that were given for an option, by its name. */
function textsOf(target: Command): (name: string) => readonly string[] {
  return (name) => {
    const value: unknown = target.getOptionValue(new Option(`--${name}`).attributeName());
    return value === undefined ? [] : Array.isArray(value) ? value : [''];
  };
}
