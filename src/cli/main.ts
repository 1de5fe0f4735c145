import { messageOf } from '../errors.ts';
import { plainText } from '../report/plain-text.ts';
import { EXIT, exitOfError, UsageFaults } from './exit.ts';
import { reasonOf } from './files.ts';
import { execute } from './program.ts';

// A reader of our output may stop early, as head does; that is no error. Where the disk is full that
// it goes to, what a command does goes on without.
let isCut = false;
for (const [name, stream] of Object.entries({ stdout: process.stdout, stderr: process.stderr })) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    if (isCut) return;
    isCut = true;
    process.stderr.write(`gradproof: ${name}: cannot be written: ${reasonOf(error)}\n`);
  });
}
process.on('exit', () => {
  if (isCut && !process.exitCode) process.exitCode = EXIT.usage;
});

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
