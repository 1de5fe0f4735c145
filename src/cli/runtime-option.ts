import { type OptionDeclaration, OptionError } from '../harness/option.ts';
import { notYet } from './exit.ts';
import type { RuntimeName } from './runtime/open.ts';

/** Where a command computes: an option whose description says what hangs on it. */
export function runtimeOption(description: string): OptionDeclaration<RuntimeName> {
  return {
    name: 'runtime',
    argument: 'chromium|node',
    description,
    parse: (texts) => {
      const name = texts.at(-1);
      if (name === 'chromium' || name === 'node') return name;
      if (name === 'firefox' || name === 'deno') throw notYet(`--runtime ${name}`);
      throw new OptionError(`--runtime ${name}: must be chromium or node`);
    },
  };
}
