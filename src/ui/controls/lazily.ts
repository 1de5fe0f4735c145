import { type LitElement, nothing, type TemplateResult } from 'lit';

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
  if (customElements.get(name)) return shown;
  load?.().then(() => host.requestUpdate());
  return meanwhile;
}
