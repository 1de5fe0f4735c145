import { messageOf } from '../errors.ts';
import { plainText } from '../report/plain-text.ts';
import { EXIT, exitOfError, UsageFaults } from './exit.ts';
import { execute } from './program.ts';

// A reader of our output may stop early, as head does; that is no error.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
}

try {
  process.exitCode = await execute(process.argv.slice(2));
} catch (error) {
  const status = exitOfError(error);
  process.stderr.write(
    status === undefined
      ? `${error instanceof Error ? error.stack : error}\n`
      : linesOf(error)
          .map((line) => `gradproof: ${plainText(line, 2_000)}\n`)
          .join(''),
  );
  process.exitCode = status ?? EXIT.failed;
}

function linesOf(error: unknown): readonly string[] {
  return error instanceof UsageFaults ? error.lines : [messageOf(error)];
}
