import { type LitElement, nothing, type TemplateResult } from 'lit';
import { withWords } from '../messages/words.ts';

/** Elements that are on their way, or have come without their words. */
const loading = new Set<string>();

/**
 * What a host shows with the element `name`: `meanwhile` until that is loaded, and then the host
 * renders again.
 */
export function lazily(
  name: string,
  load: (() => Promise<unknown>) | undefined,
  host: LitElement,
  shown: TemplateResult,
  meanwhile: TemplateResult | typeof nothing = nothing,
): TemplateResult | typeof nothing {
  if (customElements.get(name) && !loading.has(name)) return shown;
  if (load) bring(name, load).then(() => host.requestUpdate());
  return meanwhile;
}

async function bring(name: string, load: () => Promise<unknown>): Promise<void> {
  loading.add(name);
  try {
    await withWords(load());
  } finally {
    loading.delete(name);
  }
}
