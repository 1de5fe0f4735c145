import { Command, CommanderError, Option } from 'commander';
import { type OptionDeclaration, type OptionTable, RUN_OPTIONS, readOptions } from '../harness/options.ts';
import type { GivenOptions } from './commands/run.ts';
import { EXIT, UsageError } from './exit.ts';
import { Interrupt } from './interrupt.ts';
import {
  COMMANDS_NOT_YET,
  IMPLY_HEADLESS,
  MUTATE_TABLE,
  notYet,
  REPORT_FILES,
  RUN_COMMAND,
  RUN_NOT_YET,
  type RunCommand,
  TRAIN_NOT_YET,
  TRAIN_TABLE,
} from './options.ts';

declare const __GRADPROOF_VERSION__: string;

/** Runs the command that `argv` names and returns the exit status. Throws UsageError and what commands throw. */
export async function execute(argv: readonly string[]): Promise<number> {
  let status: number = EXIT.ok;
  const finish = async (work: number | Promise<number>) => {
    status = await work;
  };
  const program = new Command('gradproof')
    .description('Does fine-tuning work on this GPU, correctly and fast? Opens the page, or runs headless where there is no display.')
    .version(__GRADPROOF_VERSION__)
    .usage('[run] [options] | [command]')
    .enablePositionalOptions()
    .allowExcessArguments();
  quiet(program);
  addOptions(program, RUN_OPTIONS);
  addOptions(program, RUN_COMMAND, RUN_NOT_YET);
  program.action(async () => {
    if (program.args[0] !== undefined) throw new UsageError(`unknown command "${program.args[0]}": see gradproof --help`);
    await finish(runCommand(readTable(program, RUN_COMMAND), readTable(program, RUN_OPTIONS)));
  });
  const train = command(program, 'train', 'fine-tune a small language model on a text, on the GPU');
  addOptions(train, TRAIN_TABLE, TRAIN_NOT_YET);
  train.action(async () => finish((await import('./commands/train.ts')).trainCommand(readTable(train, TRAIN_TABLE))));
  const mutate = command(program, 'mutate', 'break each kernel in many ways and see the suite notice');
  addOptions(mutate, MUTATE_TABLE);
  mutate.action(async () => finish((await import('./commands/mutate.ts')).mutateCommand(readTable(mutate, MUTATE_TABLE))));
  command(program, 'doctor', 'say what is here: Node, browsers, adapters').action(async () =>
    finish((await import('./commands/doctor.ts')).doctor()),
  );
  const merge = command(program, 'merge', "join the reports of a run's shards").argument('<reports...>');
  addOptions(merge, REPORT_FILES);
  merge.action(async (paths: string[]) =>
    finish((await import('./commands/merge.ts')).mergeCommand(paths, readTable(merge, REPORT_FILES))),
  );
  command(program, 'compare', 'say how the second report differs from the first')
    .argument('<a>')
    .argument('<b>')
    .action(async (a: string, b: string) => finish((await import('./commands/compare.ts')).compareCommand(a, b)));
  for (const name of COMMANDS_NOT_YET) {
    const later = program.command(name, { hidden: true }).allowUnknownOption().allowExcessArguments();
    later.action(() => {
      throw notYet(name);
    });
  }
  try {
    await program.parseAsync(argv[0] === 'run' ? argv.slice(1) : argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return EXIT.ok; // help or version
    throw new UsageError(error.message.replace(/^error: /, '').replaceAll('\n', ' '));
  }
  return status;
}

async function runCommand(given: Partial<RunCommand>, options: GivenOptions): Promise<number> {
  if (!given.list && !isHeadless({ ...given, ...options })) {
    return (await import('./commands/page.ts')).openPage(options, given.bridge === true);
  }
  using interrupt = new Interrupt(); // before what takes a moment to load
  const { listCases, runHeadless } = await import('./commands/run.ts');
  return given.list ? await listCases(given, options) : await runHeadless(given, options, interrupt.signal);
}

/** Without a display, in CI, or with an option that makes no sense in the page. */
function isHeadless(given: Partial<RunCommand> & GivenOptions): boolean {
  const { env, platform } = process;
  const display = platform === 'linux' ? Boolean(env['DISPLAY'] || env['WAYLAND_DISPLAY']) : !env['SSH_CONNECTION'];
  return !display || env['CI'] === 'true' || IMPLY_HEADLESS.some((name) => given[name] !== undefined);
}

function command(program: Command, name: string, description: string): Command {
  const added = program.command(name).description(description).allowExcessArguments(false);
  quiet(added);
  return added;
}

/** Errors are thrown as one line instead of printed. */
function quiet(target: Command): void {
  target.exitOverride().configureOutput({ writeErr: () => {} });
}

function addOptions<T>(target: Command, table: OptionTable<T>, later: readonly string[] = []): void {
  for (const { name, argument, optional, description } of Object.values<OptionDeclaration<unknown>>(table)) {
    const flags = argument ? `--${name} ${optional ? `[${argument}]` : `<${argument}>`}` : `--${name}`;
    const option = new Option(flags, description);
    target.addOption(argument ? option.argParser((text: string, previous?: string[]) => [...(previous ?? []), text]) : option);
  }
  for (const flags of later) {
    const option = new Option(flags).hideHelp();
    target.addOption(option);
    target.on(`option:${option.name()}`, () => {
      throw notYet(`--${option.name()}`);
    });
  }
}

function readTable<T>(target: Command, table: OptionTable<T>): Partial<T> {
  return readOptions(table, (name) => {
    const value: unknown = target.getOptionValue(new Option(`--${name}`).attributeName());
    return value === undefined ? [] : Array.isArray(value) ? value : [''];
  });
}
