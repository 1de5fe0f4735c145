/** Families of systems whose switches are in different places. */
export type System = 'windows' | 'mac' | 'ios' | 'android' | 'chromeos' | 'linux' | 'other';

/** The family of the system that a browser names, as in "Windows NT 10.0; Win64; x64". */
export function systemOf(os: string): System {
  if (/iphone|ipad|ipod/i.test(os)) return 'ios';
  if (/android/i.test(os)) return 'android';
  if (/windows|win32/i.test(os)) return 'windows';
  if (/mac|darwin/i.test(os)) return 'mac';
  if (/cros/i.test(os)) return 'chromeos';
  return /linux|x11/i.test(os) ? 'linux' : 'other';
}
