import type { LinkPayload } from '../../report/link/payload.ts';
import type { Report } from '../../report/schema.ts';
import { harness } from '../app/harness.ts';
import { pageShareBase } from './share-base.ts';

/** A link of a report, and what was read back out of it: what leaves is told by the link itself. */
export interface Shareable {
  readonly link: string;
  readonly payload: LinkPayload;
}

/**
 * Makes the link of a report under the address where others find the page. Throws LinkError when the report has
 * none.
 */
export async function shareableOf(report: Report, device: string): Promise<Shareable> {
  const [{ planText }, { encodeLink }, { decodePayload }] = await Promise.all([
    harness(),
    import('../../report/link/encode.ts'),
    import('../../report/link/decode.ts'),
  ]);
  const fragment = await encodeLink(report, planText, { device });
  return {
    link: `${pageShareBase().url}#${fragment}`,
    payload: await decodePayload(fragment),
  };
}
