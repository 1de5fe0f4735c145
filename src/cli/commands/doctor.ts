import { messageOf } from '../../errors.ts';
import { EXIT } from '../exit.ts';
import { openRuntime } from '../runtime/open.ts';

/** Says what is here and whether cases can run: Node, browser, adapters of both runtimes. */
export async function doctor(): Promise<number> {
  console.log(`Node      ${process.versions.node} on ${process.platform} ${process.arch}`);
  let usable = false;
  for (const name of ['chromium', 'node'] as const) {
    try {
      await using runtime = await openRuntime(name, false);
      console.log(`${name.padEnd(9)} ok: ${runtime.adapter}`);
      usable = true;
    } catch (error) {
      console.log(`${name.padEnd(9)} not usable: ${messageOf(error)}`);
    }
  }
  return usable ? EXIT.ok : EXIT.unusable;
}
