/**
 * Why the run by so many workers is no use, from how its process ended; undefined where it is. One
 * that is too short to say that it learnt ends with 1, and is as good here.
 */
export function whyUseless(workers, { status, signal, stderr }) {
  if (status === 0 || status === 1) return undefined;
  const run = `the run by ${workers} worker${workers === 1 ? '' : 's'}`;
  // A process that was killed has no last words.
  if (signal) return `${run} was killed by ${signal}`;
  return stderr.trim().replace(/^gradproof: /, '') || `${run} ended with ${status}`;
}
