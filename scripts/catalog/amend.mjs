/** The original suites, each a file of src/catalog. */
export const SUITES = ['fsdp', 'tb', 'triton'];

const ROW_ID = /^(fsdp|tb|triton)(\.[a-z0-9]+(-[a-z0-9]+)*){2}$/;

/**
 * Takes what is asserted, tier, needs and origin from the specification, and keeps what was written
 * about each row: what the original did, and its clauses.
 * @param {Record<string, any>} before rows by id
 * @param {unknown} specification rows as a list: id, tier, paper, source, real, needs?, sameAs?
 * @returns {{ rows: Record<string, any>, read: string[], gone: string[] }} `read`: rows that are new
 * or whose text is another one
 */
export function amend(before, specification) {
  if (!Array.isArray(specification) || specification.length === 0)
    throw new Error('must be a list of rows, all of them');
  const rows = {};
  const read = [];
  for (const [index, row] of specification.entries()) {
    const { id, tier, paper, source, real, needs, sameAs } = row ?? {};
    if (typeof id !== 'string' || !ROW_ID.test(id))
      throw new Error(`row ${index}: id must be suite.area.name, in kebab-case`);
    if (typeof real !== 'string' || !['quick', 'full', 'slow'].includes(tier))
      throw new Error(`${id}: real must be a text, tier quick, full or slow`);
    if (id in rows) throw new Error(`${id} is there twice`);
    const known = before[id];
    if (known?.asserts !== real) read.push(id);
    rows[id] = {
      tier,
      ...(needs ? { needs } : {}),
      ...(sameAs ? { sameAs } : {}),
      origin: {
        paper,
        test: source,
        did: known?.origin.did ?? '',
        words: known?.origin.words ?? '',
      },
      asserts: real,
      clauses: known?.clauses ?? {},
    };
  }
  return { rows, read, gone: Object.keys(before).filter((id) => !(id in rows)) };
}
