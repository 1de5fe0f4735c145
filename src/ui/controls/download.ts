/** Hands a file to the person, as the browser saves downloads. */
export function download(name: string, data: BlobPart, type: string): void {
  const url = URL.createObjectURL(new Blob([data], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser has taken its own reference when the click returns, but some take it a task later.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
