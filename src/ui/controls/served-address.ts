/** An address that the server of `npm start` tells its page by a cookie; undefined where it does not. */
export function servedAddress(name: string, cookies = document.cookie): string | undefined {
  const [, text = ''] = new RegExp(`(?:^|; )${name}=([^;]*)`).exec(cookies) ?? [];
  const address = decodeURIComponent(text);
  return URL.canParse(address) && /^https?:/.test(address) ? address : undefined;
}
