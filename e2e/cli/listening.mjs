// Loaded before a program: says on file descriptor 3 when a request to end would be heard for the
// first time.
import { writeSync } from 'node:fs';

const tell = (name) => {
  if (name !== 'SIGTERM') return;
  process.off('newListener', tell);
  setImmediate(() => writeSync(3, '.'));
};
process.on('newListener', tell);
