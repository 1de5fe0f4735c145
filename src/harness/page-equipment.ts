import type { PageEquipment } from '../report/equipment.ts';

/** Asks the browser what the page may keep, and whether it is isolated. Writes nothing. */
export async function pageEquipment(): Promise<PageEquipment> {
  return {
    isIsolated: globalThis.crossOriginIsolated === true,
    quotaBytes: await quotaBytes(),
  };
}

/** Null where the browser gives pages no private file system, as in some private windows. */
async function quotaBytes(): Promise<number | null> {
  try {
    await navigator.storage.getDirectory();
    const { quota = 0 } = await navigator.storage.estimate();
    return quota;
  } catch {
    return null;
  }
}
