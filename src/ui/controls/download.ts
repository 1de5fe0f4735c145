/** Hands bytes or a text to the person as a file, as the browser saves downloads. */
export function download(name: string, data: BlobPart, type: string): void {
  downloadFile(new File([data], name, { type }));
}

/** Hands a file to the person; one that lies on the disk stays there. */
export function downloadFile(file: File): void {
  const url = URL.createObjectURL(file);
  const link = document.createElement('a');
  link.href = url;
  link.download = file.name;
  link.click();
  // The browser has taken its own reference when the click returns, but some take it a task later.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
