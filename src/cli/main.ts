import { fileURLToPath } from 'node:url';
import { DEFAULT_RUN_OPTIONS } from '../harness/events.ts';
import { loadCases } from '../harness/registry.ts';
import { run } from '../harness/runner.ts';
import { startNodeWorker } from '../harness/worker/node-link.ts';

const report = await run(
  { cases: loadCases(), startWorker: () => startNodeWorker(fileURLToPath(new URL('./node-worker.js', import.meta.url)), process.env) },
  {
    ...DEFAULT_RUN_OPTIONS,
    filters: process.argv.slice(2).filter((a) => a !== '--controls'),
    controls: process.argv.includes('--controls'),
  },
  (event) => {
    if (event.type === 'case-end')
      console.log(
        event.result.status,
        event.result.id,
        event.result.durationMs.toFixed(0),
        event.result.accuracy?.boundUsed ?? '',
        event.result.error?.message ?? '',
        event.result.control?.status,
      );
  },
);
console.log(report.summary, JSON.stringify(report.environments[0]?.probe));
