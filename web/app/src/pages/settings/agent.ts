/** What a User-Agent has in it, and what that is called: the first that fits, as most claim to be others as well. */
type Known = readonly (readonly [sign: RegExp, name: string])[];

const browsers: Known = [
  [/\bEdg(e|A|iOS)?\//, 'Edge'],
  [/\bOPR\/|\bOPiOS\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\bVivaldi\//, 'Vivaldi'],
  [/\b(Firefox|FxiOS)\//, 'Firefox'],
  [/\b(Headless)?Chromium\/|\bHeadlessChrome\//, 'Chromium'],
  [/\b(Chrome|CriOS)\//, 'Chrome'],
  [/\bVersion\/.*\bSafari\//, 'Safari'],
];

const systems: Known = [
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b|\bMacintosh\b/, 'macOS'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bLinux\b|\bX11\b/, 'Linux'],
];

const find = (known: Known, agent: string) => known.find(([sign]) => sign.test(agent))?.[1];

/** What a User-Agent says of a browser and its device; of another program, its name. */
export interface Program {
  readonly browser: string | undefined;
  readonly system: string | undefined;
  readonly name: string | undefined;
}

export const programOf = (agent: string): Program => ({
  browser: find(browsers, agent),
  system: find(systems, agent),
  name: /^[\w.-]{1,40}/.exec(agent)?.[0],
});
