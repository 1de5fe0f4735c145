import { messageOf } from '../errors.ts';
import { EXIT, exitOfError } from './exit.ts';
import { execute } from './program.ts';

try {
  process.exitCode = await execute(process.argv.slice(2));
} catch (error) {
  const status = exitOfError(error);
  process.stderr.write(status === undefined ? `${error instanceof Error ? error.stack : error}\n` : `gradproof: ${messageOf(error)}\n`);
  process.exitCode = status ?? EXIT.failed;
}
