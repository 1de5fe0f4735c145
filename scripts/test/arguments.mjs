import { parseArgs } from 'node:util';
import { SetupError } from '../setup/step.mjs';

const OPTIONS = {
  whole: { type: 'boolean' },
  controls: { type: 'boolean' },
  report: { type: 'string' },
  rows: { type: 'string', multiple: true },
};

/**
 * What follows `npm test --`. Throws SetupError.
 * @param {string[]} args
 * @returns {{ whole?: boolean, controls?: boolean, report?: string, rows?: string[] }}
 */
export function argumentsOf(args) {
  const values = parsed(args);
  if (values.controls && (values.whole || !values.report))
    throw new SetupError(
      `--controls runs the tests that cover rows, all of them or those of --rows, and writes how they and their controls ended: ${values.whole ? 'leave out --whole' : 'add --report FILE'}`,
    );
  if (values.rows && !values.controls)
    throw new SetupError('--rows chooses among the tests that cover rows: add --controls');
  return values;
}

function parsed(args) {
  try {
    return parseArgs({ args, options: OPTIONS }).values;
  } catch (error) {
    const [what] = error.message.split('. ');
    throw new SetupError(
      `${what}: npm test [-- --whole] [--report FILE], or npm test -- --controls --report FILE [--rows GLOB]`,
    );
  }
}
