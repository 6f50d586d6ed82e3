const replacement = '\0platform-fetch';

/**
 * Puts the platform's own fetch in the place of cross-fetch, in everything that is made for browsers.
 *
 * There, cross-fetch would add more code than the rest of the client has and, inside a CJS bundle, would call
 * fetch with a receiver that browsers refuse. Only importers outside node_modules get the replacement.
 * `globalThis.fetch` is read at call time, so that a page may wrap it later.
 */
export const platformFetch = {
  name: 'platform-fetch',
  enforce: 'pre',
  resolveId(source, importer) {
    const isOurs = importer !== undefined && !importer.includes('node_modules');
    return source === 'cross-fetch' && isOurs ? replacement : null;
  },
  load(id) {
    if (id !== replacement) return null;
    return 'export const fetch = (input, init) => globalThis.fetch(input, init);\nexport default fetch;\n';
  },
};
