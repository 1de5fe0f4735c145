import { messageOf } from '../../errors.ts';
import { probeFacts } from '../../report/probe-facts.ts';
import { DEFAULT_RUN_OPTIONS } from '../../report/run-options.ts';
import type { Environment } from '../../report/schema.ts';
import { EXIT } from '../exit.ts';
import { openRuntime } from '../runtime/open.ts';
import type { Runtime } from '../runtime/runtime.ts';

/** Says what is here and whether cases can run: Node, browser, adapters of both runtimes. */
export async function doctor(): Promise<number> {
  console.log(`Node      ${process.versions.node} on ${process.platform} ${process.arch}`);
  let usable = false;
  for (const name of ['chromium', 'node'] as const) {
    try {
      await using runtime = await openRuntime(name, false);
      console.log(`${name.padEnd(9)} ok: ${runtime.adapter}`);
      for (const { name: what, found, means } of probeFacts(await probeOf(runtime)))
        console.log(`${' '.repeat(10)}${what}: ${found}. ${means}`);
      usable = true;
    } catch (error) {
      console.log(`${name.padEnd(9)} not usable: ${messageOf(error)}`);
    }
  }
  return usable ? EXIT.ok : EXIT.unusable;
}

/**
 * What the probe finds in a runtime: it is made before any case, so one that judges the probe
 * itself is run.
 */
async function probeOf(runtime: Runtime): Promise<Environment['probe']> {
  const options = { ...DEFAULT_RUN_OPTIONS, filters: ['gpu.probe:answers'], workers: 1 };
  const { environments } = await runtime.run({ options }, () => {}, new AbortController().signal);
  return environments[0]?.probe ?? {};
}
