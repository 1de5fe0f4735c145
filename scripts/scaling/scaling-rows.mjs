/**
 * What runs of the same work by several workers say: of each number of workers the least time of a
 * step over all rounds, how much of N times the speed of one is reached, and the bytes of the worker
 * that took most beside the forecast. `runs` are `{ workers, steps, forecast }`, `steps` lines of a
 * run's log; the first step, which compiles kernels, does not count.
 */
export function scalingRows(runs) {
  const least = (workers) =>
    Math.min(...of(workers).flatMap(({ steps }) => steps.slice(1).map(({ ms }) => ms)));
  const of = (workers) => runs.filter((run) => run.workers === workers);
  const counts = [...new Set(runs.map(({ workers }) => workers))];
  return counts.map((workers) => {
    const own = of(workers);
    const ms = least(workers);
    return {
      workers,
      ms,
      efficiency: least(1) / (workers * ms),
      forecast: own[0].forecast,
      peak: Math.max(...own.flatMap(({ steps }) => peaksOf(steps.at(-1)))),
    };
  });
}

/** The most bytes of each worker of a run. */
function peaksOf(step) {
  const ofWorkers = Object.entries(step).filter(([name]) =>
    name.startsWith('peak_bytes_of_worker'),
  );
  return ofWorkers.length > 0 ? ofWorkers.map(([, bytes]) => bytes) : [step.peak_bytes];
}

/** The rows as lines. `cores` is how many processors run at once, which bounds what is reached. */
export function scalingLines(rows, cores) {
  const megabytes = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  return rows.map(({ workers, ms, efficiency, forecast, peak }) =>
    [
      `${workers} worker${workers === 1 ? '' : 's'}: ${ms.toFixed(0)} ms a step`,
      `${(100 * efficiency).toFixed(0)} % of ${workers} times the speed of one`,
      `${(100 * Math.min(1, cores / workers)).toFixed(0)} % where each takes one of ${cores} processors`,
      `${megabytes(peak)} at most, forecast ${megabytes(forecast)}`,
    ].join('; '),
  );
}
