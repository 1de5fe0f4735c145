import { BridgeClient } from '../../backends/bridge/client.ts';
import { messageOf } from '../../errors.ts';
import {
  type BridgeEquipment,
  bridgeItems,
  type EquipmentItem,
  equipmentItems,
  librariesOf,
} from '../../report/equipment.ts';
import { browserWords, chipName } from '../../report/place.ts';
import { probeFacts } from '../../report/probe-facts.ts';
import { DEFAULT_RUN_OPTIONS } from '../../report/run-options.ts';
import type { Environment } from '../../report/schema.ts';
import { bridgeProblem, startBridge } from '../bridge.ts';
import { EXIT } from '../exit.ts';
import { openRuntime } from '../runtime/open.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { PAGE_ADDRESS } from '../server.ts';

/**
 * Says what is here, and what to do about what is not: Node, browser, adapters of both runtimes,
 * the bridge with its libraries.
 */
export async function doctor(): Promise<number> {
  console.log(`Node      ${process.versions.node} on ${process.platform} ${process.arch}`);
  let usable = false;
  for (const name of ['chromium', 'node'] as const) {
    try {
      await using runtime = await openRuntime(name, false);
      const environment = await environmentOf(runtime);
      console.log(`${name.padEnd(9)} ok: ${runtime.adapter}`);
      tell(itemsOf(environment, await runtime.equipment?.()));
      for (const { name: what, found, means } of probeFacts(environment.probe))
        say(`${what}: ${found}. ${means}`);
      usable = true;
    } catch (error) {
      console.log(`${name.padEnd(9)} not usable: ${messageOf(error)}`);
    }
  }
  console.log('bridge');
  tell(bridgeItems(await bridgeEquipment()));
  return usable ? EXIT.ok : EXIT.unusable;
}

const say = (line: string) => console.log(`${' '.repeat(10)}${line}`);

function tell(items: readonly EquipmentItem[]): void {
  for (const { name, found, fix } of items) say(`${name}: ${found}; ${fix}`);
}

function itemsOf(
  { runtime, runtimeVersion, adapter, features, limits }: Environment,
  page: Awaited<ReturnType<NonNullable<Runtime['equipment']>>> | undefined,
): readonly EquipmentItem[] {
  return equipmentItems({
    program: browserWords(runtime, runtimeVersion),
    hasWebGpu: true,
    adapter: { name: chipName(adapter), isFallback: adapter.isFallback, features, limits },
    page,
  });
}

/**
 * What a runtime tells of itself: it is found out before any case, so one that judges the probe is
 * run.
 */
async function environmentOf(runtime: Runtime): Promise<Environment> {
  const options = { ...DEFAULT_RUN_OPTIONS, filters: ['gpu.probe:answers'], workers: 1 };
  const { environments } = await runtime.run({ options }, () => {}, new AbortController().signal);
  return environments[0] as Environment;
}

/** Starts the bridge, and asks it; a checkout without its Python has none. */
async function bridgeEquipment(): Promise<BridgeEquipment> {
  try {
    await using bridge = await startBridge(PAGE_ADDRESS);
    const { backends } = await new BridgeClient(bridge.address).devices();
    return librariesOf(backends);
  } catch (error) {
    return { problem: bridgeProblem(error) };
  }
}
