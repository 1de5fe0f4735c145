/** Whether a dropped file is meant as a report: packed, or JSON that says so. */
export function isReportFile(name: string, bytes: Uint8Array): boolean {
  if (name.endsWith('.gz')) return true;
  return (
    name.endsWith('.json') &&
    new TextDecoder().decode(bytes.subarray(0, 1000)).includes('gradproof-report/')
  );
}
