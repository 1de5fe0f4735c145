/** The build lists the recordings that the page brings along: scripts/vite-parity-sets.ts. */
declare module 'virtual:parity-sets' {
  const sets: readonly {
    readonly folder: string;
    readonly cases: number;
    readonly bytes: number;
  }[];
  export default sets;
}
